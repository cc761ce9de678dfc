package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.RecordingAllocator.FreeFailure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a thread that asks for figures sees while others allocate and free. */
@Tag("once")
final class FiguresRaceTest {

  private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(2_000);
  private static final int SIZE = 64;

  /** Blocks that stay live. */
  private static final int KEPT = 1_000;

  private static final int BATCH = 400;

  /** Free blocks that may be counted: of the active word, and of a run of frees. */
  private static final int MOST_FREE = 128;

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final long end = System.nanoTime() + NANOS;

  @AfterEach
  void endTheThreads() {
    threads.shutdownNow();
  }

  @Test
  void theFiguresOfAConfinedAllocatorMissNoLiveBlockAndCountFewFreeOnes() throws Exception {
    BlockingQueue<FixedBlockAllocator> made = new ArrayBlockingQueue<>(1);
    Future<?> owner =
        threads.submit(
            () -> {
              FixedBlockAllocator blocks =
                  FixedBlockAllocator.builder(inner).blockSize(SIZE).build();
              keep(blocks);
              made.add(blocks);
              long[] batch = new long[BATCH];
              while (System.nanoTime() < end) {
                for (int i = 0; i < BATCH; i++) {
                  batch[i] = blocks.malloc(SIZE);
                }
                for (long block : batch) {
                  blocks.free(block);
                }
                long[] unused = blocks.liveAddresses(1); // then another word becomes active
              }
            });
    FixedBlockAllocator blocks = made.take();
    poll(blocks, KEPT, KEPT + BATCH + MOST_FREE);
    owner.get();
    assertEquals(KEPT, blocks.stats().liveBlocks());
  }

  @Test
  void remoteFreesDoNotHideTheBlocksThatAreKeptInASharedAllocator() throws Exception {
    FixedBlockAllocator blocks =
        FixedBlockAllocator.builder(inner).blockSize(SIZE).shared().build();
    BlockingQueue<long[]> queue = new ArrayBlockingQueue<>(4);
    CountDownLatch kept = new CountDownLatch(1);
    Future<?> producer =
        threads.submit(
            () -> {
              keep(blocks);
              kept.countDown();
              while (System.nanoTime() < end) {
                long[] batch = new long[BATCH];
                for (int i = 0; i < BATCH; i++) {
                  batch[i] = blocks.malloc(SIZE);
                }
                queue.put(batch);
              }
              queue.put(new long[0]);
              return null;
            });
    Future<?> consumer =
        threads.submit(
            () -> {
              for (long[] batch = queue.take(); batch.length != 0; batch = queue.take()) {
                for (long block : batch) {
                  blocks.free(block);
                }
              }
              return null;
            });
    kept.await();
    poll(blocks, KEPT, Long.MAX_VALUE); // it counts what is freed meanwhile, however long that is
    producer.get();
    consumer.get();
    assertEquals(KEPT, blocks.stats().liveBlocks());
  }

  private static void keep(FixedBlockAllocator blocks) {
    for (int i = 0; i < KEPT; i++) {
      long unused = blocks.malloc(SIZE);
    }
  }

  /**
   * Asks for figures until the time is over.
   *
   * @param least how many blocks must be live
   * @param most how many may be
   */
  private void poll(FixedBlockAllocator blocks, long least, long most) {
    String wrong = "";
    while (System.nanoTime() < end) {
      AllocatorStats now = blocks.stats();
      if (now.liveBlocks() < least
          || now.liveBlocks() > most
          || now.reservedBytes() > now.peakReservedBytes()
          || now.innerFrees() > now.innerMallocs()) {
        wrong = now.toString();
      }
    }
    assertEquals("", wrong);
  }

  @Test
  void aCloseThatTheInnerRefusesBesideTheLastFreesLeavesTheAllocatorAsItWas() throws Exception {
    int pages = 3_000;
    while (System.nanoTime() < end) {
      RecordingAllocator refusing = RecordingAllocator.create();
      refusing.failFreeOnce(1, FreeFailure.REFUSES); // of the page whose block is freed last
      FixedBlockAllocator blocks =
          FixedBlockAllocator.builder(refusing).blockSize(SIZE).pageSize(SIZE).shared().build();
      long[] live = new long[pages];
      for (int i = 0; i < pages; i++) {
        live[i] = blocks.malloc(SIZE);
      }
      CountDownLatch started = new CountDownLatch(1);
      Future<?> freeing =
          threads.submit(
              () -> {
                started.countDown();
                for (int i = pages - 1; i >= 0; i--) {
                  blocks.free(live[i]);
                }
              });
      started.await();
      boolean closed = closeUnlessRefused(blocks);
      freeing.get();
      if (!closed) {
        assertEquals(0, blocks.stats().liveBlocks());
        long block = blocks.malloc(SIZE);
        assertEquals(1, blocks.stats().liveBlocks());
        blocks.free(block);
        blocks.close();
      }
      refusing.assertEverythingReturned();
    }
  }

  /** Closes until no block is live. {@return false iff the inner refused a page} */
  private static boolean closeUnlessRefused(FixedBlockAllocator blocks) {
    for (; ; ) {
      try {
        blocks.close();
        return true;
      } catch (LeakException live) {
        Thread.onSpinWait();
      } catch (IllegalStateException refused) {
        return false;
      }
    }
  }
}
