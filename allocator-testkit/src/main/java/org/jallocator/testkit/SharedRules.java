package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;

/** The rules of the contract about several threads that use a shared allocator at once. */
abstract class SharedRules extends RaceRules {

  private static final int HANDED = 2000;
  private static final int WORKERS = 4;
  private static final long MAX_SIZE = 5000;

  @AppliesTo(Trait.SHARED)
  void blocksThatOtherThreadsFreeAreHandedOutAgain() throws InterruptedException {
    Queue<Long> handed = new ConcurrentLinkedQueue<>();
    AtomicInteger producers = new AtomicInteger(2);
    Race.run(
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

  @AppliesTo({Trait.SHARED, Trait.TRACKED})
  void figuresAreNeverNegativeBesideOtherThreads() throws InterruptedException {
    AtomicInteger working = new AtomicInteger(WORKERS);
    Race.run(
        WORKERS + 1,
        thread -> {
          if (thread == WORKERS) {
            boolean last;
            do {
              last = working.get() == 0;
              assertNotNegative(allocator().stats());
            } while (!last);
          } else {
            try {
              for (int i = 0; i < HANDED; i++) {
                allocator().free(allocator().malloc(Math.min(allocator().maxSize(), sizeOf(i))));
              }
            } finally {
              working.decrementAndGet();
            }
          }
        });
    subject().checkAfterRace();
  }

  private static void assertNotNegative(AllocatorStats stats) {
    assertTrue(
        stats.liveBlocks() >= 0
            && stats.liveBytes() >= 0
            && stats.unsizedBlocks() >= 0
            && stats.reservedBytes() >= 0
            && stats.peakReservedBytes() >= 0
            && stats.innerMallocs() >= 0
            && stats.innerFrees() >= 0,
        () -> "negative: " + stats);
  }

  /** In every other round what is below closes at once, as in a stack that closes. */
  @AppliesTo({Trait.SHARED, Trait.LEDGER, Trait.TRACKED})
  void aCallThatRacesWithCloseIsDoneOrRefused() throws InterruptedException {
    for (int i = 0; i < Rounds.closings(); i++) {
      Subject raced = open(AddressRange.CROSSING, "closing " + i);
      boolean whole = i % 2 != 0;
      AtomicBoolean closed = new AtomicBoolean();
      AtomicBoolean failed = new AtomicBoolean();
      Race.run(
          WORKERS + 1,
          thread -> {
            try {
              if (thread == WORKERS) {
                closeInTheEnd(raced, whole, closed, failed);
              } else {
                mallocUntilRefused(raced.allocator(), closed, failed);
              }
            } catch (RuntimeException | Error e) {
              failed.set(true);
              throw e;
            }
          });
      AllocatorStats stats = raced.allocator().stats();
      assertEquals(0, stats.liveBlocks(), () -> "liveBlocks: " + stats);
      if (!whole) {
        raced.close();
      }
    }
  }

  /** Closes, unless another thread has failed: its block may stay live for ever. */
  private static void closeInTheEnd(
      Subject raced, boolean whole, AtomicBoolean closed, AtomicBoolean failed) {
    while (!closes(raced, whole)) {
      if (failed.get()) {
        return;
      }
      LockSupport.parkNanos(1);
    }
    closed.set(true);
  }

  private static boolean closes(Subject raced, boolean whole) {
    try {
      if (whole) {
        raced.close();
      } else {
        raced.allocator().close();
      }
      return true;
    } catch (LeakException e) {
      assertTrue(e.liveBlocks() > 0 && e.liveBytes() >= 0, e::getMessage);
      return false;
    }
  }

  /** A free is never refused: while its block is live, closing fails. */
  private static void mallocUntilRefused(
      Allocator allocator, AtomicBoolean closed, AtomicBoolean failed) {
    for (int i = 0; !failed.get(); i++) {
      boolean late = closed.get();
      long address;
      try {
        address = allocator.malloc(Math.min(allocator.maxSize(), sizeOf(i)));
      } catch (IllegalStateException e) {
        return;
      }
      allocator.free(address);
      assertFalse(late, "a malloc after close is served");
      LockSupport.parkNanos(1);
    }
  }

  /** Mostly small ones, now and then a large one. */
  private static long sizeOf(int i) {
    return i % 8 == 7 ? MAX_SIZE : 1 + i % 100;
  }
}
