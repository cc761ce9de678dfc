package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Queue;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.large.FaultyAllocator.Moment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several threads at once, and what each waits for. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class SharedLargeBlockTest {

  private static final int ROUNDS = 2000;
  private static final int THREADS = 4;
  private static final int STRIPES = 3;

  @ParameterizedTest
  @CsvSource({
    // retain, releases
    "0, false",
    "3000, false",
    "67108864, false",
    "3000, true",
  })
  void closeIsExactAgainstMallocAndFreeOfFourThreads(long retain, boolean releases)
      throws InterruptedException {
    Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
    Round[] round = {new Round(retain)};
    CyclicBarrier begin = new CyclicBarrier(THREADS);
    CyclicBarrier end =
        new CyclicBarrier(
            THREADS,
            () -> {
              round[0].check(errors);
              round[0] = new Round(retain);
            });
    Thread[] threads = new Thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
      int number = i;
      threads[i] =
          new Thread(
              () -> {
                try {
                  for (int k = 0; k < ROUNDS && errors.isEmpty(); k++) {
                    begin.await();
                    try {
                      if (number == k % THREADS) {
                        round[0].close(releases, k);
                      } else {
                        round[0].work(number, releases);
                      }
                    } catch (RuntimeException | Error e) {
                      errors.add(e);
                    }
                    end.await();
                  }
                } catch (InterruptedException | BrokenBarrierException e) {
                  errors.add(e);
                }
              });
      threads[i].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (!errors.isEmpty()) {
      throw new AssertionError("of " + errors.size(), errors.element());
    }
  }

  /** One allocator, used by some threads while one closes it, and the inner at once after that. */
  private static final class Round {
    private final FaultyAllocator inner = new FaultyAllocator(4096);
    private final LargeBlockAllocator large;

    Round(long retain) {
      this.large =
          LargeBlockAllocator.builder(inner).retain(retain).shared().stripes(STRIPES).build();
    }

    void close(boolean releases, int number) {
      for (int i = 0; i < number % 50; i++) {
        Thread.onSpinWait();
      }
      if (number % 7 == 0) {
        Thread.currentThread().interrupt();
      }
      while (true) {
        try {
          if (releases) {
            large.closeAndRelease();
          } else {
            large.close();
          }
          break;
        } catch (LeakException e) {
          if (releases) {
            break;
          }
          LockSupport.parkNanos(1);
        }
      }
      inner.close();
      assertEquals(number % 7 == 0, Thread.interrupted());
      assertThrows(IllegalStateException.class, () -> large.malloc(1));
    }

    void work(int number, boolean releases) {
      for (int i = 0; i < 20; i++) {
        long size = 500 + 300L * ((number + i) % 5);
        long address;
        try {
          address = large.tryMalloc(size);
          if (i % 3 == 0) {
            large.trim();
          }
        } catch (IllegalStateException closed) {
          return;
        }
        if (address == Allocator.NULL) {
          continue;
        }
        try {
          large.free(address, size);
        } catch (IllegalStateException closed) {
          assertTrue(releases, "a live block, and closed");
          return;
        }
        AllocatorStats stats = large.stats();
        assertTrue(
            stats.liveBlocks() >= 0
                && stats.liveBlocks() <= THREADS * STRIPES // one thread's may be counted in each
                && stats.liveBytes() >= 0
                && stats.reservedBytes() >= 0
                && stats.innerFrees() <= stats.innerMallocs(),
            stats::toString);
      }
    }

    void check(Queue<Throwable> errors) {
      AllocatorStats stats = large.stats();
      if (inner.liveBlocks() != 0
          || stats.liveBlocks() != 0
          || stats.liveBytes() != 0
          || stats.reservedBytes() != 0
          || stats.innerFrees() != stats.innerMallocs()) {
        errors.add(new AssertionError("not exact: inner=" + inner.liveBlocks() + ", " + stats));
      }
    }
  }

  private static <T> FutureTask<T> start(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    new Thread(task).start();
    return task;
  }

  /** An inner that stops in one of its calls until it is told to go on. */
  private static final class SlowInner {
    final FaultyAllocator inner = new FaultyAllocator(100);
    final LargeBlockAllocator large;
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch goesOn = new CountDownLatch(1);

    SlowInner(long retain) {
      large =
          LargeBlockAllocator.builder(new Unlocked())
              .retain(retain)
              .shared()
              .stripes(STRIPES)
              .build();
    }

    private void stop() {
      reached.countDown();
      try {
        goesOn.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    /** Calls of size 7168 stop, without the inner's lock. */
    private final class Unlocked extends Forwarding {
      Unlocked() {
        super(inner);
      }

      @Override
      public long tryMalloc(long size) {
        long address = super.tryMalloc(size);
        if (size == 7168) {
          stop();
        }
        return address;
      }

      @Override
      public void free(long address, long size) {
        if (size == 3584) {
          stop();
        }
        super.free(address, size);
      }
    }
  }

  @Test
  void whileOneThreadIsInTheInnersMallocOthersWorkAndCloseWaits() throws Exception {
    SlowInner slow = new SlowInner(100_000);
    LargeBlockAllocator large = slow.large;
    large.free(large.malloc(1000));
    FutureTask<Long> malloc = start(() -> large.malloc(7000));
    slow.reached.await();
    long reused = large.malloc(1000);
    large.malloc(5000);
    assertThrows(LeakException.class, large::close);
    large.free(reused);
    large.free(large.liveAddresses(1)[0]);
    FutureTask<Boolean> close =
        start(
            () -> {
              large.close();
              slow.inner.close();
              return true;
            });
    while (!isRefused(large) && !close.isDone()) {
      Thread.sleep(1);
    }
    Thread.sleep(20);
    assertFalse(close.isDone(), "close did not wait");
    assertThrows(IllegalStateException.class, () -> large.malloc(1));
    slow.goesOn.countDown();
    assertTrue(close.get());
    ExecutionException e = assertThrows(ExecutionException.class, malloc::get);
    assertTrue(e.getCause() instanceof IllegalStateException, () -> "" + e.getCause());
    assertEquals(0, slow.inner.liveBlocks());
    assertEquals(0, large.stats().reservedBytes());
  }

  /** {@return whether a close has begun, as seen by a call that changes nothing} */
  private static boolean isRefused(LargeBlockAllocator large) {
    try {
      large.owns(1);
      return false;
    } catch (IllegalStateException closed) {
      return true;
    }
  }

  @Test
  void whileOneThreadIsInTheInnersFreeOthersWorkAndCloseWaits() throws Exception {
    SlowInner slow = new SlowInner(3000);
    LargeBlockAllocator large = slow.large;
    long address = large.malloc(3500);
    long other = large.malloc(1000);
    FutureTask<Boolean> free = start(() -> large.tryFree(address));
    slow.reached.await();
    large.free(other);
    assertFalse(large.tryFree(address), "a block on its way back was freed again");
    assertEquals(1, large.stats().liveBlocks());
    FutureTask<Boolean> close =
        start(
            () -> {
              try {
                large.closeAndRelease();
              } catch (LeakException e) {
                return false;
              }
              slow.inner.close();
              return true;
            });
    Thread.sleep(20);
    assertFalse(close.isDone(), "close did not wait");
    slow.goesOn.countDown();
    assertTrue(close.get());
    assertTrue(free.get());
    assertEquals(0, slow.inner.liveBlocks());
  }

  @Test
  void aSecondThreadThatClosesWaitsForTheFirst() throws Exception {
    SlowInner slow = new SlowInner(100_000);
    LargeBlockAllocator large = slow.large;
    large.free(large.malloc(3500));
    FutureTask<Boolean> first =
        start(
            () -> {
              large.close();
              return true;
            });
    slow.reached.await();
    FutureTask<Boolean> second =
        start(
            () -> {
              large.close();
              slow.inner.close();
              return true;
            });
    Thread.sleep(20);
    assertFalse(second.isDone(), "the second did not wait");
    slow.goesOn.countDown();
    assertTrue(first.get());
    assertTrue(second.get());
    assertEquals(0, slow.inner.liveBlocks());
  }

  @Test
  void closeThatTheInnerRefusesLeavesItOpenWithWhatIsLeft() {
    FaultyAllocator inner = new FaultyAllocator(100);
    LargeBlockAllocator large = LargeBlockAllocator.builder(inner).shared().build();
    long a = large.malloc(1000);
    long b = large.malloc(2000);
    large.free(a);
    large.free(b);
    inner.failOnce(
        1,
        Moment.BEFORE,
        () -> {
          throw new IllegalStateException("planned");
        });
    assertEquals("planned", assertThrows(IllegalStateException.class, large::close).getMessage());
    assertEquals(1, inner.liveBlocks());
    assertTrue(large.owns(a));
    assertFalse(large.owns(b));
    assertEquals(a, large.malloc(1000));
    large.free(a);
    large.close();
    assertEquals(0, inner.liveBlocks());
  }
}
