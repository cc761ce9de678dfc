package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.junit.jupiter.api.Test;

/** The rows of the contract about several threads that use a shared allocator at once. */
abstract class SharedRows extends StarvationRows {

  private static final int RACERS = 8;
  private static final int ROUNDS = 100;
  private static final int HANDED = 2000;
  private static final int CLOSINGS = 20;

  /** What a thread does. */
  private interface Task {
    void run(int thread);
  }

  @Test
  void ofEightThreadsThatFreeOneBlockOneWins() throws InterruptedException {
    freeOneBlockByEight(0);
  }

  @Test
  void ofEightThreadsThatFreeOneBlockOneWinsWhileOthersMalloc() throws InterruptedException {
    freeOneBlockByEight(2);
  }

  /**
   * Of all frees of an address, as many succeed as there were mallocs that handed it out: one, and
   * one more for each of the others' mallocs that got it meanwhile.
   */
  private void freeOneBlockByEight(int others) throws InterruptedException {
    assumeTrue(allocator().isShared(), "confined");
    assumeTrue(allocator() instanceof OwningAllocator, "not an OwningAllocator");
    for (int round = 0; round < ROUNDS; round++) {
      long address = allocator().malloc(1);
      AtomicInteger handedOut = new AtomicInteger(1);
      AtomicInteger freed = new AtomicInteger();
      race(
          RACERS + others,
          thread -> {
            if (thread < RACERS) {
              freed.addAndGet(freeUnlessFree(address) ? 1 : 0);
              return;
            }
            long[] mine = new long[20];
            for (int i = 0; i < mine.length; i++) {
              mine[i] = allocator().tryMalloc(1);
              handedOut.addAndGet(mine[i] == address ? 1 : 0);
            }
            for (long block : mine) {
              if (block == address) {
                freed.addAndGet(freeUnlessFree(block) ? 1 : 0);
              } else {
                allocator().free(block);
              }
            }
          });
      assertEquals(handedOut.get(), freed.get(), "frees of one block that succeeded");
      subject().checkAfterRace();
    }
  }

  private boolean freeUnlessFree(long address) {
    try {
      allocator().free(address);
      return true;
    } catch (InvalidFreeException e) {
      // It may have gone back with its page, too.
      if (e.reason() != Reason.DOUBLE_FREE && e.reason() != Reason.FOREIGN) {
        throw e;
      }
      return false;
    }
  }

  @Test
  void blocksThatOtherThreadsFreeAreHandedOutAgain() throws InterruptedException {
    assumeTrue(allocator().isShared(), "confined");
    Queue<Long> handed = new ConcurrentLinkedQueue<>();
    AtomicInteger producers = new AtomicInteger(2);
    race(
        4,
        thread -> {
          if (thread < 2) {
            try {
              for (int i = 0; i < HANDED; i++) {
                handed.add(allocator().malloc(1));
              }
            } finally {
              producers.decrementAndGet();
            }
            return;
          }
          boolean last;
          do {
            last = producers.get() == 0;
            for (Long address = handed.poll(); address != null; address = handed.poll()) {
              allocator().free(address);
            }
          } while (!last);
        });
    subject().checkAfterRace();
  }

  @Test
  void aCallThatRacesWithCloseIsDoneOrRefused() throws InterruptedException {
    assumeTrue(allocator().isShared(), "confined");
    assumeTrue(subject().isExact() && subject().isTracked(), "not a single layer with books");
    for (int i = 0; i < CLOSINGS; i++) {
      Subject raced = open(AddressRange.CROSSING, "closing " + i);
      AtomicBoolean ended = new AtomicBoolean();
      race(
          4,
          thread -> {
            if (thread == 0) {
              closeInTheEnd(raced.allocator(), ended);
            } else {
              mallocUntilRefused(raced.allocator(), ended);
            }
          });
      ledgerOf(raced).assertEverythingReturned();
      AllocatorStats stats = raced.allocator().stats();
      assertEquals(0, stats.liveBlocks(), () -> "liveBlocks: " + stats);
      raced.close();
    }
  }

  private static void closeInTheEnd(Allocator allocator, AtomicBoolean ended) {
    try {
      while (!closes(allocator)) {
        LockSupport.parkNanos(1);
      }
    } finally {
      ended.set(true);
    }
  }

  private static boolean closes(Allocator allocator) {
    try {
      allocator.close();
      return true;
    } catch (LeakException e) {
      return false;
    }
  }

  /** A free is never refused: its block being live, nobody can have closed. */
  private static void mallocUntilRefused(Allocator allocator, AtomicBoolean ended) {
    while (true) {
      boolean late = ended.get();
      long address;
      try {
        address = allocator.malloc(1);
      } catch (IllegalStateException closed) {
        return;
      }
      allocator.free(address);
      assertFalse(late, "a malloc after close is served");
      LockSupport.parkNanos(1);
    }
  }

  /** Runs a task on several threads that begin at once; what one of them throws is the test's. */
  private static void race(int count, Task task) throws InterruptedException {
    CyclicBarrier start = new CyclicBarrier(count);
    Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      threads.add(
          new Thread(
              () -> {
                try {
                  start.await();
                  task.run(index);
                } catch (InterruptedException
                    | BrokenBarrierException
                    | RuntimeException
                    | Error e) {
                  thrown.add(e);
                }
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    if (!thrown.isEmpty()) {
      throw new AssertionError("a thread threw: " + thrown.element(), thrown.element());
    }
  }
}
