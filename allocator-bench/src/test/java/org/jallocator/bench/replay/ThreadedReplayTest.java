package org.jallocator.bench.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jallocator.bench.contenders.PeerAllocator;
import org.jallocator.bench.threads.ThreadLog;
import org.jallocator.bench.trace.Trace;
import org.jallocator.bench.trace.TraceBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ThreadedReplayTest {

  private static final long SEED = 20261122;

  /** A trace of threads that free each other's blocks, and leave some. */
  static Trace random(int threads, int calls) {
    Random random = new Random(SEED);
    TraceBuilder builder = new TraceBuilder();
    List<Long> live = new ArrayList<>();
    long id = 0;
    for (int i = 0; i < calls; i++) {
      int thread = random.nextInt(threads);
      if (live.isEmpty() || random.nextInt(100) < 52) {
        builder.malloc(thread, ++id, 1 + random.nextInt(64));
        live.add(id);
      } else {
        builder.free(thread, live.remove(random.nextInt(live.size())));
      }
    }
    return builder.build("random", calls);
  }

  @Test
  void traceOfOneThreadIsReplayedOnTheCallingOne() {
    assertInstanceOf(OrderedReplay.class, Replay.of(random(1, 10)));
    assertInstanceOf(ThreadedReplay.class, Replay.of(random(2, 10)));
  }

  @Test
  void everyBlockIsFreedOnceInEveryRound() {
    Trace trace = random(4, 20_000);
    Replay replay = Replay.of(trace);
    ThreadLog log = new ThreadLog();
    long mallocs = Arrays.stream(trace.sizes()).filter(size -> size != 0).count();

    for (int round = 1; round <= 5; round++) {
      assertTrue(replay.run(log) > 0);

      assertEquals(0, log.live(), "seed=" + SEED + ", round=" + round);
      assertEquals(round * mallocs, log.mallocs.sum(), "seed=" + SEED);
    }

    assertEquals(4 * 5, log.threads.size());
  }

  /** Tells what each thread calls; a block's address is 1000 and its size. */
  private static class SizesAsAddresses extends PeerAllocator {

    final List<String> calls = Collections.synchronizedList(new ArrayList<>());

    @Override
    public long tryMalloc(long size) {
      calls.add("malloc " + size);
      return 1000 + size;
    }

    @Override
    public void free(long address) {
      calls.add("free " + (address - 1000));
    }
  }

  @Test
  void freeWaitsForItsMallocOnAnotherThread() throws InterruptedException {
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 1);
    builder.free(1, 1);
    builder.malloc(1, 2, 2);
    CountDownLatch late = new CountDownLatch(1);
    SizesAsAddresses allocator =
        new SizesAsAddresses() {
          @Override
          public long tryMalloc(long size) {
            if (size == 1) {
              try {
                late.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }
            return super.tryMalloc(size);
          }
        };
    Thread delay =
        new Thread(
            () -> {
              try {
                Thread.sleep(50);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              late.countDown();
            });
    delay.start();

    Replay.of(builder.build("waits", 3)).run(allocator);
    delay.join();

    assertEquals(List.of("malloc 1", "free 1", "malloc 2", "free 2"), allocator.calls);
  }

  @Test
  void slotThatIsFilledAgainBeforeTheFreeIsNoMistake() {
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 1);
    builder.free(1, 1);
    builder.malloc(0, 2, 2);
    builder.free(1, 2);
    builder.malloc(0, 3, 3);
    CountDownLatch allTaken = new CountDownLatch(3);
    SizesAsAddresses allocator =
        new SizesAsAddresses() {
          @Override
          public long tryMalloc(long size) {
            allTaken.countDown();
            return super.tryMalloc(size);
          }

          @Override
          public void free(long address) {
            try {
              allTaken.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            super.free(address);
          }
        };

    Replay.of(builder.build("again", 5)).run(allocator);

    assertEquals(
        List.of("malloc 1", "malloc 2", "malloc 3", "free 1", "free 2", "free 3"), allocator.calls);
  }

  @Test
  void failureOfOneThreadEndsThoseWhoWaitForIt() {
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 1);
    builder.free(1, 1);
    Replay replay = Replay.of(builder.build("fails", 2));
    SizesAsAddresses allocator =
        new SizesAsAddresses() {
          @Override
          public long tryMalloc(long size) {
            return NULL;
          }
        };

    IllegalStateException failure =
        assertThrows(IllegalStateException.class, () -> replay.run(allocator));

    assertEquals(
        "thread of the round failed: java.lang.OutOfMemoryError: peer returned NULL: size=1",
        failure.getMessage());
  }
}
