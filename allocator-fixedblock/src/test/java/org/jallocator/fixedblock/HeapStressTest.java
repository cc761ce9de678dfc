package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Many threads that come, sleep, come back and end. Each block is stamped while it is out, granule
 * by granule, so that two that overlap are found. The system property {@code race.scale} multiplies
 * the operations.
 */
@Tag("once")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class HeapStressTest {

  private static final long SEED = 20261129;
  private static final long BASE = 1L << 40;
  private static final int GRANULE = 16;

  /** What is tried. */
  enum Form {
    FIXED_BLOCKS {
      @Override
      Allocator over(Allocator inner, OwningAllocator[] below) {
        return FixedBlockAllocator.builder(inner)
            .blockSize(512)
            .pageSize(512 * 100)
            .shared()
            .heaps(2)
            .build();
      }
    },
    SIZE_CLASSES {
      @Override
      Allocator over(Allocator inner, OwningAllocator[] below) {
        return SizeClassAllocator.builder(inner).shared().heaps(2).build();
      }
    },
    FALLBACK {
      @Override
      Allocator over(Allocator inner, OwningAllocator[] below) {
        below[0] = SizeClassAllocator.builder(inner).maxSize(128).shared().heaps(4).build();
        below[1] = SizeClassAllocator.builder(inner).maxSize(256).shared().heaps(1).build();
        below[2] = FallbackAllocator.create(below[0], below[1]);
        return FallbackAllocator.create(below[2], inner);
      }
    };

    abstract Allocator over(Allocator inner, OwningAllocator[] below);
  }

  private final RecordingAllocator inner =
      RecordingAllocator.builder()
          .baseAddress(BASE)
          .reusesAddresses(true)
          .refusesWrongFrees(true)
          .build();

  /** Who has each granule of memory; 0: nobody. */
  private final AtomicIntegerArray stamps = new AtomicIntegerArray(1 << 22);

  /** Blocks on their way from one thread to another, with their sizes in the low bits. */
  private final AtomicLongArray exchange = new AtomicLongArray(300);

  private final Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();

  // ---------------------------------------------------------------- stamped blocks

  private static final int OWNERS = 6;
  private static final int LIVES = 20;
  private static final int STEPS = 3000;

  @ParameterizedTest
  @EnumSource
  void noBlocksOverlapWhileOwnersSleepAndComeBackAndEnd(Form form) throws InterruptedException {
    OwningAllocator[] below = new OwningAllocator[3];
    Allocator allocator = form.over(inner, below);
    Crew.run(OWNERS, member -> liveSeveralTimes(allocator, member));
    closeAll(allocator, below);
  }

  /** Each life is a thread of its own, which inherits the blocks of the one before. */
  private void liveSeveralTimes(Allocator allocator, int member) throws InterruptedException {
    long[] mine = new long[200];
    for (int life = 0; life < LIVES; life++) {
      SplittableRandom random = new SplittableRandom(SEED + 1000L * member + life);
      Thread thread =
          new Thread(() -> replaceGuarded(allocator, random, mine, STEPS * HeapRaceTest.SCALE));
      thread.setDaemon(true);
      thread.start();
      thread.join();
    }
    freeAll(allocator, mine);
  }

  @Test
  void noBlocksOfVirtualThreadsOverlap() throws Exception {
    VirtualThread.assumeAvailable();
    OwningAllocator[] below = new OwningAllocator[3];
    Allocator allocator = Form.FALLBACK.over(inner, below);
    ExecutorService threads = VirtualThread.executor();
    for (int i = 0; i < 1000; i++) {
      SplittableRandom random = new SplittableRandom(SEED + i);
      threads.execute(
          () -> {
            long[] mine = new long[20];
            replaceGuarded(allocator, random, mine, 300 * HeapRaceTest.SCALE);
            freeAll(allocator, mine);
          });
    }
    threads.shutdown();
    assertTrue(threads.awaitTermination(5, TimeUnit.MINUTES), "virtual threads do not end");
    closeAll(allocator, below);
  }

  private void closeAll(Allocator allocator, OwningAllocator[] below) {
    for (int i = 0; i < exchange.length(); i++) {
      free(allocator, exchange.get(i));
    }
    assertEquals("[]", thrown.stream().limit(5).toList().toString(), "seed=" + SEED);
    allocator.close();
    for (int i = below.length - 1; i >= 0; i--) {
      if (below[i] != null) {
        below[i].close();
      }
    }
    inner.assertEverythingReturned();
  }

  private void replaceGuarded(
      Allocator allocator, SplittableRandom random, long[] mine, int steps) {
    try {
      replace(allocator, random, mine, steps);
    } catch (RuntimeException | Error e) {
      thrown.add(e);
    }
  }

  private void replace(Allocator allocator, SplittableRandom random, long[] mine, int steps) {
    for (int step = 0; step < steps; step++) {
      int slot = random.nextInt(mine.length);
      free(allocator, mine[slot]);
      mine[slot] = 0;
      int size = 1 + random.nextInt(random.nextInt(8) == 0 ? 512 : 64);
      long block = malloc(allocator, size);
      mine[slot] =
          random.nextInt(8) == 0
              ? exchange.getAndSet(random.nextInt(exchange.length()), block)
              : block;
      if (random.nextInt(2000) == 0) {
        LockSupport.parkNanos(3_000_000); // so that another thread has the heap meanwhile
      }
    }
  }

  /** {@return a block's address above its size} */
  private long malloc(Allocator allocator, int size) {
    long address = allocator.malloc(size);
    for (int i = granule(address); i <= granule(address + size - 1); i++) {
      assertTrue(stamps.compareAndSet(i, 0, size), () -> "out twice: " + Long.toHexString(address));
    }
    return address << 12 | size;
  }

  private void free(Allocator allocator, long block) {
    if (block == 0) {
      return;
    }
    int size = (int) (block & 0xFFF);
    long address = block >>> 12;
    for (int i = granule(address); i <= granule(address + size - 1); i++) {
      assertTrue(stamps.compareAndSet(i, size, 0), () -> "overlaps: " + Long.toHexString(address));
    }
    if ((size & 1) == 0) {
      allocator.free(address, size);
    } else {
      allocator.free(address);
    }
  }

  private static int granule(long address) {
    return (int) ((address - BASE) / GRANULE);
  }

  private void freeAll(Allocator allocator, long[] mine) {
    for (long block : mine) {
      free(allocator, block);
    }
  }

  // ---------------------------------------------------------------- short lives, little memory

  @Test
  void theBlocksThatThousandsOfThreadsLeftComeBack() throws InterruptedException {
    OwningAllocator allocator = SizeClassAllocator.builder(inner).shared().build();
    Queue<Long> left = new ConcurrentLinkedQueue<>();
    for (int wave = 0; wave < 60 * HeapRaceTest.SCALE; wave++) {
      Crew.run(
          50,
          member -> {
            left.add(allocator.malloc(64));
            for (int i = 1; i < 20; i++) {
              allocator.free(allocator.malloc(50L * i));
            }
          });
    }
    assertEquals(left.size(), allocator.stats().liveBlocks());
    left.forEach(allocator::free);
    assertEquals(0, allocator.stats().liveBlocks());
    assertReservedIsLittle(allocator, MANY);
    allocator.close();
    inner.assertEverythingReturned();
  }

  private static final long LITTLE = 2 << 20;

  /** Seconds of work: one idle heap is looked for at a time, each 10 milliseconds at the most. */
  private static final long MANY = 200_000_000;

  @Test
  void aThousandThreadsThatUsedTenClassesHoldLittleAfterTrim() throws InterruptedException {
    OwningAllocator allocator = SizeClassAllocator.builder(inner).shared().build();
    CountDownLatch end = useTenClassesOnAThousandThreads(allocator);
    allocator.trim();
    assertReservedIsLittle(allocator, 0);
    end.countDown();
    allocator.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aThousandThreadsThatUsedTenClassesHoldLittleOnceOthersHaveWorked()
      throws InterruptedException {
    OwningAllocator allocator = SizeClassAllocator.builder(inner).shared().heaps(100).build();
    CountDownLatch end = useTenClassesOnAThousandThreads(allocator);
    assertReservedIsLittle(allocator, MANY);
    end.countDown();
    allocator.close();
    inner.assertEverythingReturned();
  }

  /** Half of the threads have ended then, and half sleep until the latch is counted down. */
  private static CountDownLatch useTenClassesOnAThousandThreads(OwningAllocator allocator)
      throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1000);
    CountDownLatch end = new CountDownLatch(1);
    for (int i = 0; i < 1000; i++) {
      boolean sleeps = (i & 1) == 0;
      Runnable use =
          () -> {
            long[] blocks = new long[10];
            Arrays.setAll(blocks, j -> allocator.malloc(16L << (j & 7) | 16L * j));
            for (long block : blocks) {
              allocator.free(block);
            }
            done.countDown();
            if (sleeps) {
              awaitUninterruptibly(end);
            }
          };
      Thread thread = new Thread(null, use, "user-" + i, 1 << 17);
      thread.setDaemon(true);
      thread.start();
    }
    assertTrue(done.await(60, TimeUnit.SECONDS), "threads do not get their blocks");
    return end;
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Works until little is reserved, or so many operations are done. */
  private static void assertReservedIsLittle(OwningAllocator allocator, long operations) {
    long[] some = new long[100];
    for (long done = 0; done < operations && !isLittleReserved(allocator); done += some.length) {
      Arrays.setAll(some, i -> allocator.malloc(64));
      for (long block : some) {
        allocator.free(block);
      }
    }
    assertTrue(isLittleReserved(allocator), () -> "" + allocator.stats());
  }

  private static boolean isLittleReserved(OwningAllocator allocator) {
    return allocator.stats().reservedBytes() - allocator.stats().liveBytes() < LITTLE;
  }

  // ---------------------------------------------------------------- who gets a heap

  @Test
  void idleOwnersDoNotKeepBusyThreadsFromAHeap() throws InterruptedException {
    SharedAllocator allocator =
        (SharedAllocator) SizeClassAllocator.builder(inner).shared().heaps(64).build();
    CountDownLatch used = new CountDownLatch(64);
    CountDownLatch end = new CountDownLatch(1);
    for (int i = 0; i < 64; i++) {
      Thread thread =
          new Thread(
              () -> {
                allocator.free(allocator.malloc(64));
                used.countDown();
                awaitUninterruptibly(end);
              });
      thread.setDaemon(true);
      thread.start();
    }
    assertTrue(used.await(60, TimeUnit.SECONDS));
    Crew.run(
        2,
        member -> {
          Thread me = Thread.currentThread();
          while (Arrays.stream(allocator.heaps.all()).noneMatch(heap -> heap.isAssignedTo(me))) {
            allocator.free(allocator.malloc(64)); // for ever, if it never gets a heap
          }
        });
    end.countDown();
    allocator.close();
    inner.assertEverythingReturned();
  }

  /** A thread whose number is what it likes. */
  private static final class OddThread extends Thread {

    private final int kind;
    private long last = Long.MIN_VALUE;

    OddThread(int kind, Runnable task) {
      super(task);
      this.kind = kind;
    }

    @Override
    @SuppressWarnings({"deprecation", "removal"})
    public long getId() {
      return switch (kind) {
        case 0 -> 7;
        case 1 -> -1;
        case 2 -> last += 0x123456789L; // another one each time
        default -> Long.MIN_VALUE;
      };
    }
  }

  @Test
  void aThreadIsRecognizedWhateverItsNumber() throws InterruptedException {
    SharedAllocator allocator =
        (SharedAllocator) SizeClassAllocator.builder(inner).shared().heaps(16).build();
    CountDownLatch done = new CountDownLatch(12);
    CountDownLatch end = new CountDownLatch(1);
    Thread[] threads = new Thread[12];
    for (int i = 0; i < threads.length; i++) {
      SplittableRandom random = new SplittableRandom(SEED + i);
      long[] mine = new long[50];
      threads[i] =
          new OddThread(
              i % 4,
              () -> {
                replaceGuarded(allocator, random, mine, STEPS);
                done.countDown();
                awaitUninterruptibly(end);
                freeAll(allocator, mine);
              });
      threads[i].setDaemon(true);
      threads[i].start();
    }
    assertTrue(done.await(60, TimeUnit.SECONDS), "threads do not end");
    for (Thread thread : threads) {
      assertEquals(1, heapsOf(allocator, thread), () -> "heaps of " + thread);
    }
    end.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    closeAll(allocator, new OwningAllocator[0]);
  }

  private static long heapsOf(SharedAllocator allocator, Thread thread) {
    return Arrays.stream(allocator.heaps.all()).filter(heap -> heap.isAssignedTo(thread)).count();
  }

  // ---------------------------------------------------------------- one page for many

  @Test
  void manyThreadsWaitForOnePage() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    TroublesomeInner slow =
        new TroublesomeInner() {
          @Override
          boolean beforeMalloc() {
            asked.countDown();
            awaitUninterruptibly(answer);
            return true;
          }
        };
    SharedAllocator allocator =
        (SharedAllocator)
            FixedBlockAllocator.builder(slow)
                .blockSize(64)
                .pageSize(4096)
                .shared()
                .heaps(1)
                .build();
    Queue<Long> blocks = new ConcurrentLinkedQueue<>();
    CountDownLatch started = new CountDownLatch(16);
    Thread waker =
        new Thread(
            () -> {
              awaitUninterruptibly(asked);
              awaitUninterruptibly(started);
              LockSupport.parkNanos(20_000_000); // most of them wait by now
              answer.countDown();
            });
    waker.start();
    Crew.run(
        16,
        member -> {
          started.countDown();
          blocks.add(allocator.malloc(64));
        });
    waker.join();
    assertEquals(16, blocks.stream().distinct().count());
    // One page for the owned heap, and one for each common heap.
    assertTrue(slow.ledger.mallocs() <= 1 + allocator.heaps.commonCount(), () -> "" + slow.stats());
    blocks.forEach(allocator::free);
    allocator.close();
    slow.ledger.assertEverythingReturned();
  }

  @Test
  void ofManyThreadsThatWaitForOnePageNoneWaitsForEverIfThereIsNone() throws InterruptedException {
    TroublesomeInner none =
        new TroublesomeInner() {
          @Override
          boolean beforeMalloc() {
            LockSupport.parkNanos(1_000_000);
            return false;
          }
        };
    OwningAllocator allocator =
        FixedBlockAllocator.builder(none).blockSize(64).pageSize(4096).shared().heaps(1).build();
    Crew.run(16, member -> assertEquals(Allocator.NULL, allocator.tryMalloc(64)));
    allocator.close();
    assertFalse(allocator.stats().reservedBytes() > 0);
  }
}
