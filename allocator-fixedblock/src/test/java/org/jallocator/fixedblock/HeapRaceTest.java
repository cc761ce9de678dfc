package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.RecordingAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Threads that race for the same block, or with close.
 *
 * <p>The system property {@code race.scale} multiplies the rounds; CI runs more than a developer.
 */
@Tag("once")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class HeapRaceTest {

  /** How many times the rounds of an ordinary run. */
  static final int SCALE = Integer.getInteger("race.scale", 1);

  private static final long SEED = 20261129;

  /** What is tried, over an inner. */
  enum Form {
    FIXED_BLOCKS {
      @Override
      OwningAllocator over(Allocator inner) {
        return FixedBlockAllocator.builder(inner)
            .blockSize(64)
            .pageSize(64 * 100)
            .shared()
            .heaps(2)
            .build();
      }
    },
    SIZE_CLASSES {
      @Override
      OwningAllocator over(Allocator inner) {
        return SizeClassAllocator.builder(inner).shared().heaps(2).build();
      }
    },
    MANY_HEAPS {
      @Override
      OwningAllocator over(Allocator inner) {
        return SizeClassAllocator.builder(inner).shared().heaps(16).build();
      }
    };

    abstract OwningAllocator over(Allocator inner);
  }

  private final RecordingAllocator inner =
      RecordingAllocator.builder().reusesAddresses(true).build();

  // ---------------------------------------------------------------- frees of one block

  private static final int FREERS = 8;
  private static final int BLOCKS = 24;
  private static final int ROUNDS = 25;

  @ParameterizedTest
  @EnumSource
  void ofFreesOfOneBlockOneSucceedsAndTheOthersAreReported(Form form) throws InterruptedException {
    for (int i = 0; i < 10 * SCALE; i++) {
      freeAtOnce(form.over(inner), SEED + i);
      inner.assertEverythingReturned();
    }
  }

  /** In each round all threads free all blocks, which one of them took. */
  private static void freeAtOnce(OwningAllocator allocator, long seed) throws InterruptedException {
    long[] blocks = new long[BLOCKS];
    AtomicIntegerArray successes = new AtomicIntegerArray(BLOCKS);
    Map<Long, Integer> extra = new HashMap<>();
    CyclicBarrier barrier = new CyclicBarrier(FREERS);
    Crew.run(
        FREERS,
        member -> {
          Random random = new Random(seed + member);
          for (int round = 0; round < ROUNDS; round++) {
            if (round % FREERS == member) {
              count(blocks, successes, extra);
              takeDistinct(allocator, blocks);
            }
            barrier.await();
            for (int i = 0; i < BLOCKS; i++) {
              if (free(allocator, blocks[i])) {
                successes.incrementAndGet(i);
              }
              if (random.nextInt(8) == 0) {
                Thread.onSpinWait();
              }
            }
            barrier.await();
          }
        });
    count(blocks, successes, extra);
    assertReports(allocator, extra);
    AllocatorStats stats = allocator.stats();
    assertEquals(0, stats.liveBlocks(), () -> "" + stats);
    takeDistinct(allocator, blocks);
    assertEquals(BLOCKS, allocator.stats().liveBlocks());
    for (long block : blocks) {
      allocator.free(block);
    }
    allocator.close();
  }

  private static void takeDistinct(OwningAllocator allocator, long[] blocks) {
    Set<Long> distinct = new HashSet<>();
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = allocator.malloc(64);
      distinct.add(blocks[i]);
    }
    assertEquals(blocks.length, distinct.size(), "a block was handed out twice");
  }

  private static boolean free(OwningAllocator allocator, long address) {
    try {
      allocator.free(address);
      return true;
    } catch (InvalidFreeException e) {
      assertEquals(Reason.DOUBLE_FREE, e.reason());
      return false;
    }
  }

  private static void count(long[] blocks, AtomicIntegerArray successes, Map<Long, Integer> extra) {
    for (int i = 0; i < blocks.length; i++) {
      int freed = successes.getAndSet(i, 0);
      assertTrue(freed >= 1 || blocks[i] == 0, "a block that was live could not be freed");
      if (freed > 1) {
        extra.merge(blocks[i], freed - 1, Integer::sum);
      }
    }
  }

  /** Closes once, if blocks were freed twice: then that is what closing says, of just those. */
  private static void assertReports(OwningAllocator allocator, Map<Long, Integer> extra) {
    if (extra.isEmpty()) {
      return;
    }
    Map<Long, Integer> reported = new HashMap<>();
    try {
      allocator.close();
    } catch (InvalidFreeException e) {
      List<Throwable> all = new ArrayList<>(List.of(e.getSuppressed()));
      all.add(e);
      for (Throwable each : all) {
        assertTrue(each instanceof InvalidFreeException, () -> "" + each);
        reported.merge(((InvalidFreeException) each).address(), 1, Integer::sum);
      }
    }
    assertEquals(extra, reported);
  }

  // ---------------------------------------------------------------- close

  private static final int CLOSE_THREADS = 4;

  @ParameterizedTest
  @EnumSource
  void closeRacesWithMallocAndFreeAndTheInnerHasAllBack(Form form) throws InterruptedException {
    OwningAllocator[] allocators = new OwningAllocator[200 * SCALE];
    for (int i = 0; i < allocators.length; i++) {
      allocators[i] = form.over(inner);
    }
    closeBesideOthers(allocators, 64, Callable::call);
    inner.assertEverythingReturned();
    for (OwningAllocator allocator : allocators) {
      assertEquals(0, allocator.stats().liveBlocks());
      assertEquals(0, allocator.stats().reservedBytes());
    }
  }

  @Test
  void closeOfAFallbackRacesWithMallocAndFreeAndLeavesNoBlockInEitherPart() throws Exception {
    closeFallbacks(Callable::call);
  }

  @Test
  void closeOfAFallbackRacesWithVirtualThreadsToo() throws Exception {
    VirtualThread.assumeAvailable();
    closeFallbacks(VirtualThread::run);
  }

  /** How the calls of one thread on one allocator are made. */
  private interface Caller {

    void make(Callable<@Nullable Void> calls) throws Exception;
  }

  private void closeFallbacks(Caller caller) throws InterruptedException {
    OwningAllocator[] primaries = new OwningAllocator[200 * SCALE];
    OwningAllocator[] others = new OwningAllocator[primaries.length];
    FallbackAllocator[] allocators = new FallbackAllocator[primaries.length];
    for (int i = 0; i < allocators.length; i++) {
      primaries[i] = Form.FIXED_BLOCKS.over(inner);
      others[i] = Form.SIZE_CLASSES.over(inner);
      allocators[i] = FallbackAllocator.create(primaries[i], others[i]);
    }
    closeBesideOthers(allocators, 128, caller);
    for (int i = 0; i < allocators.length; i++) {
      primaries[i].close();
      others[i].close();
    }
    inner.assertEverythingReturned();
  }

  /** Closes each allocator while other threads malloc and free, as often as it takes. */
  private static void closeBesideOthers(Allocator[] allocators, int maxSize, Caller caller)
      throws InterruptedException {
    CyclicBarrier barrier = new CyclicBarrier(CLOSE_THREADS + 1);
    Crew.run(
        CLOSE_THREADS + 1,
        member -> {
          Random random = new Random(SEED + member);
          for (Allocator allocator : allocators) {
            barrier.await();
            if (member != 0) {
              caller.make(
                  () -> {
                    replaceUntilClosed(allocator, maxSize, random);
                    return null;
                  });
              continue;
            }
            for (int pause = random.nextInt(2000); pause > 0; pause--) {
              Thread.onSpinWait();
            }
            closeInTheEnd(allocator);
          }
        });
  }

  private static void closeInTheEnd(Allocator allocator) {
    while (true) {
      try {
        allocator.close();
        return;
      } catch (LeakException e) {
        assertTrue(e.liveBlocks() > 0, () -> "" + e);
      }
    }
  }

  /** Holds no block in the end, and none if it is closed: a successful close leaves no block. */
  private static void replaceUntilClosed(Allocator allocator, int maxSize, Random random) {
    long[] mine = new long[3];
    for (int i = 0; i < 400; i++) {
      int slot = random.nextInt(mine.length);
      if (mine[slot] != 0) {
        allocator.free(mine[slot]);
        mine[slot] = 0;
      } else {
        try {
          mine[slot] = allocator.malloc(1 + random.nextInt(maxSize));
        } catch (IllegalStateException closed) {
          assertEquals(0, mine[0] | mine[1] | mine[2], "closed with blocks live");
          return;
        }
      }
    }
    for (long address : mine) {
      if (address != 0) { // a thread that holds nothing may find the allocator closed
        allocator.free(address);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void closeAndReleaseRacesWithMallocAndFreeAndTheInnerHasAllBack(Form form)
      throws InterruptedException {
    OwningAllocator[] allocators = new OwningAllocator[50 * SCALE];
    for (int i = 0; i < allocators.length; i++) {
      allocators[i] = form.over(inner);
    }
    CyclicBarrier barrier = new CyclicBarrier(CLOSE_THREADS + 1);
    Crew.run(
        CLOSE_THREADS + 1,
        member -> {
          for (int round = 0; round < allocators.length; round++) {
            OwningAllocator allocator = allocators[round];
            barrier.await();
            if (member == 0) {
              release(allocator);
            } else {
              replaceUntilReleased(allocator);
            }
          }
        });
    inner.assertEverythingReturned();
  }

  private static void release(OwningAllocator allocator) {
    try {
      allocator.closeAndRelease();
    } catch (LeakException e) {
      assertTrue(e.liveBlocks() > 0, () -> "" + e);
    }
  }

  private static void replaceUntilReleased(OwningAllocator allocator) {
    while (true) {
      try {
        long first = allocator.malloc(64);
        long second = allocator.malloc(64);
        allocator.free(first);
        allocator.free(second);
      } catch (InvalidFreeException e) {
        throw e;
      } catch (IllegalStateException closed) {
        return;
      }
    }
  }

  // ---------------------------------------------------------------- those who have all heaps

  @Test
  void closeTrimAndFiguresOfManyThreadsWaitForNobodyForEver() throws InterruptedException {
    OwningAllocator allocator = SizeClassAllocator.builder(inner).shared().heaps(3).build();
    long keepsOpen = allocator.malloc(64);
    FallbackAllocator above = FallbackAllocator.create(allocator, inner);
    Crew.run(
        8,
        member -> {
          Random random = new Random(SEED + member);
          for (int i = 0; i < 300 * SCALE; i++) {
            switch (random.nextInt(6)) {
              case 0 -> assertLeaks(allocator);
              case 1 -> assertLeaks(above);
              case 2 -> assertTrue(allocator.trim() >= 0);
              case 3 -> assertTrue(allocator.liveAddresses(100).length >= 1);
              default -> {
                long[] some = new long[100];
                for (int j = 0; j < some.length; j++) {
                  some[j] =
                      (random.nextBoolean() ? allocator : above).malloc(1 + random.nextInt(500));
                }
                for (long address : some) {
                  allocator.free(address);
                }
              }
            }
          }
        });
    allocator.free(keepsOpen);
    above.close();
    allocator.close();
    inner.assertEverythingReturned();
  }

  private static void assertLeaks(Allocator allocator) {
    try {
      allocator.close();
    } catch (LeakException e) {
      return;
    }
    throw new AssertionError("closed with a live block");
  }
}
