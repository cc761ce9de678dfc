package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a shared allocator promises beyond the contract, whatever its inner and threads do. */
@Tag("once")
final class SharedAllocatorTest {

  private static final long SEED = 20261123;
  private static final int CREW = 6;

  /** The allocators that are shared. */
  enum Form {
    FIXED_BLOCKS {
      @Override
      OwningAllocator over(TroublesomeInner inner, int heaps) {
        return FixedBlockAllocator.builder(inner)
            .blockSize(64)
            .pageSize(64 * 20)
            .shared()
            .heaps(heaps)
            .build();
      }
    },
    SIZE_CLASSES {
      @Override
      OwningAllocator over(TroublesomeInner inner, int heaps) {
        return SizeClassAllocator.builder(inner)
            .pageSize(4096)
            .maxSize(4096)
            .shared()
            .heaps(heaps)
            .build();
      }
    };

    abstract OwningAllocator over(TroublesomeInner inner, int heaps);
  }

  /** Throws, has no memory, and works, in turn and at random. */
  private static final class Moody extends TroublesomeInner {

    private volatile boolean moody = true;

    @Override
    boolean beforeMalloc() {
      int mood = moody ? ThreadLocalRandom.current().nextInt(8) : 7;
      switch (mood) {
        case 0 -> {
          return false;
        }
        case 1 -> throw new OutOfMemoryError("planned");
        case 2 -> throw new Trouble();
        default -> {
          return true;
        }
      }
    }

    @Override
    void beforeFree() {
      if (moody && ThreadLocalRandom.current().nextInt(3) == 0) {
        throw new IllegalStateException("refuses"); // so the page stays with the layer
      }
    }
  }

  private static final class Trouble extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @ParameterizedTest
  @EnumSource
  void losesNoBlockAndNoPageWhateverTheInnerDoes(Form form) throws InterruptedException {
    var inner = new Moody();
    OwningAllocator allocator = form.over(inner, 2);
    Set<Long> held = ConcurrentHashMap.newKeySet();
    Crew.run(
        CREW,
        member -> {
          var random = new Random(SEED + member);
          var mine = new ArrayDeque<Long>();
          for (int step = 0; step < 20_000; step++) {
            if (random.nextInt(4000) < 2000 - mine.size()) {
              mallocDespiteTrouble(allocator, 1 + random.nextInt(64), mine, held);
            } else if (!mine.isEmpty()) {
              freeDespiteTrouble(allocator, mine.removeFirst(), held);
            }
            if (step % 2000 == 1999) {
              while (!mine.isEmpty()) {
                freeDespiteTrouble(allocator, mine.removeLast(), held);
              }
            }
          }
          mallocDespiteTrouble(allocator, 64, mine, held);
        });
    AllocatorStats stats = allocator.stats();
    assertEquals(held.size(), stats.liveBlocks(), () -> "" + stats);
    assertEquals(inner.ledger.liveBytes(), stats.reservedBytes(), () -> "" + stats);
    assertEquals(inner.ledger.mallocs(), stats.innerMallocs(), () -> "" + stats);
    assertEquals(inner.ledger.frees(), stats.innerFrees(), () -> "" + stats);
    inner.moody = false;
    held.forEach(allocator::free);
    allocator.close();
    inner.ledger.assertEverythingReturned();
  }

  private static void mallocDespiteTrouble(
      OwningAllocator allocator, long size, ArrayDeque<Long> mine, Set<Long> held) {
    try {
      long address = allocator.tryMalloc(size);
      if (address != 0) {
        assertTrue(held.add(address), () -> "handed out twice: " + Long.toHexString(address));
        mine.addLast(address);
      }
    } catch (Trouble e) {
      // nothing has changed
    }
  }

  private static void freeDespiteTrouble(OwningAllocator allocator, long address, Set<Long> held) {
    held.remove(address);
    allocator.free(address);
  }

  /** Whose first malloc returns when it is told to. */
  private static final class Waiting extends TroublesomeInner {

    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch answer = new CountDownLatch(1);

    @Override
    boolean beforeMalloc() {
      if (asked.getCount() == 0) {
        return true;
      }
      asked.countDown();
      try {
        return answer.await(120, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Fails when a page is given back, and does not say that it took nothing. */
  private static final class Failing extends TroublesomeInner {

    private final AtomicLong failures = new AtomicLong();

    @Override
    void beforeFree() {
      failures.incrementAndGet();
      throw new Trouble();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aMallocThatTidiesUpForAnIdleThreadLosesNoBlockToTheInner(Form form) throws Exception {
    var inner = new Failing();
    OwningAllocator allocator = form.over(inner, 4);
    var ready = new CountDownLatch(1);
    var end = new CountDownLatch(1);
    Thread idle =
        new Thread(
            () -> {
              allocator.free(allocator.malloc(64)); // it keeps the page
              ready.countDown();
              awaitForever(end);
            });
    idle.start();
    ready.await();
    long held = 0;
    while (inner.failures.get() == 0 && held < 5_000_000) {
      Thread.sleep(1); // the next look for idle heaps
      for (int i = 0; i < 2000; i++) {
        try {
          held += allocator.malloc(64) == 0 ? 0 : 1;
        } catch (Trouble fromTheInner) {
          // The malloc may fail with it, but not lose a block.
        }
      }
    }
    end.countDown();
    idle.join();
    assertTrue(inner.failures.get() > 0, "nothing was tidied up");
    assertEquals(held, allocator.stats().liveBlocks());
  }

  private static void awaitForever(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @EnumSource
  void nobodyWaitsForAnotherThreadsCallOfTheInner(Form form) throws InterruptedException {
    for (int heaps = 1; heaps <= 2; heaps++) {
      var inner = new Waiting();
      OwningAllocator allocator = form.over(inner, heaps);
      Crew.run(
          2,
          member -> {
            if (member == 0) {
              allocator.free(allocator.malloc(64));
            } else {
              inner.asked.await();
              long address = allocator.malloc(64);
              assertEquals(1, allocator.stats().liveBlocks());
              allocator.free(address);
              assertThrows(IllegalArgumentException.class, () -> allocator.malloc(0));
              inner.answer.countDown();
            }
          });
      allocator.close();
      inner.ledger.assertEverythingReturned();
    }
  }

  @ParameterizedTest
  @EnumSource
  void closeWaitsForAPageOnItsWay(Form form) throws InterruptedException {
    var inner = new Waiting();
    OwningAllocator allocator = form.over(inner, 2);
    var taken = new AtomicLong();
    Crew.run(
        3,
        member -> {
          switch (member) {
            case 0 -> taken.set(allocator.malloc(64));
            case 1 -> {
              inner.asked.await();
              var e = assertThrows(LeakException.class, allocator::close);
              assertEquals(1, e.liveBlocks());
            }
            default -> {
              inner.asked.await();
              Thread.sleep(50);
              inner.answer.countDown();
            }
          }
        });
    allocator.free(taken.get());
    allocator.close();
    inner.ledger.assertEverythingReturned();
    assertEquals(0, allocator.stats().reservedBytes());
    assertThrows(IllegalStateException.class, () -> allocator.malloc(64));
  }

  @ParameterizedTest
  @EnumSource
  void whateverRacesWithCloseIsDoneOrRefused(Form form) throws InterruptedException {
    for (int round = 0; round < 12; round++) {
      var inner = new TroublesomeInner();
      OwningAllocator allocator = form.over(inner, 2);
      int shift = round % CREW;
      Crew.run(
          CREW,
          member -> {
            switch ((member + shift) % CREW) {
              case 0, 1 -> closeInTheEnd(allocator);
              case 2 -> assertThrows(IllegalStateException.class, () -> askOnAndOn(allocator));
              default -> mallocUntilClosed(allocator, new Random(SEED + member));
            }
          });
      inner.ledger.assertEverythingReturned();
      AllocatorStats stats = allocator.stats();
      assertEquals(0, stats.liveBlocks());
      assertEquals(0, stats.reservedBytes());
      assertEquals(inner.ledger.mallocs(), stats.innerMallocs());
      assertEquals(inner.ledger.frees(), stats.innerFrees());
    }
  }

  private static void closeInTheEnd(OwningAllocator allocator) {
    while (true) {
      try {
        allocator.close();
        return;
      } catch (LeakException e) {
        Thread.onSpinWait();
      }
    }
  }

  private static void askOnAndOn(OwningAllocator allocator) {
    while (!allocator.owns(1)) {
      AllocatorStats stats = allocator.stats();
      assertTrue(stats.liveBlocks() >= 0, () -> "" + stats);
    }
  }

  private static void mallocUntilClosed(OwningAllocator allocator, Random random) {
    long[] mine = new long[40];
    while (true) {
      int count = 0;
      boolean closed = false;
      while (count < mine.length && !closed && random.nextInt(8) != 0) {
        try {
          mine[count] = allocator.malloc(1 + random.nextInt(64));
          count++;
        } catch (IllegalStateException e) {
          closed = true;
        }
      }
      assertTrue(!closed || count == 0, "closed with blocks live");
      while (count > 0) {
        allocator.free(mine[--count]);
      }
      if (closed) {
        return;
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsThatDieHoldingBlocksCostNothing(Form form) throws InterruptedException {
    // A heap may have all the live blocks, and spread over more pages than they need.
    long bound = 4 * 4 * 4096;
    for (int waves : new int[] {60, 600}) {
      long peak = peakOfWaves(form, waves);
      assertTrue(peak <= bound, () -> "waves=" + waves + ", peak=" + peak);
    }
  }

  /** Each thread leaves a block behind, frees one that another left, and dies. */
  private static long peakOfWaves(Form form, int waves) throws InterruptedException {
    var inner = new TroublesomeInner();
    OwningAllocator allocator = form.over(inner, 4);
    var slots = new AtomicLongArray(100);
    for (int wave = 0; wave < waves; wave++) {
      long seed = SEED + wave;
      Crew.run(
          10,
          member -> {
            long address = allocator.malloc(64);
            int slot = new Random(seed * 31 + member).nextInt(slots.length());
            long left = slots.getAndSet(slot, address);
            if (left != 0) {
              allocator.free(left);
            }
          });
    }
    for (int i = 0; i < slots.length(); i++) {
      allocator.free(slots.get(i));
    }
    allocator.close();
    inner.ledger.assertEverythingReturned();
    return inner.ledger.peakBytes();
  }

  @ParameterizedTest
  @EnumSource
  void whatEntersWithoutAskingStaysOutOnceALayerAboveHasLeftTheHotPaths(Form form) {
    PagedAllocator allocator = (PagedAllocator) form.over(new TroublesomeInner(), 2);
    int sizeClass = allocator.sizeClass(48);
    assertEquals(0, enter(allocator, sizeClass), "served before the thread has a heap");
    allocator.free(allocator.malloc(48));
    allocator.free(enter(allocator, sizeClass));

    allocator.leaveHotPaths();
    assertEquals(0, allocator.mallocHot(48));
    assertEquals(0, enter(allocator, sizeClass));

    allocator.free(allocator.malloc(48)); // a slow call: the thread has its heap back
    long address = enter(allocator, sizeClass);
    assertTrue(address != 0);
    allocator.free(address);
    allocator.close();
  }

  private static long enter(PagedAllocator allocator, int sizeClass) {
    return allocator.takeEntered(sizeClass, allocator.hotPathExits());
  }

  /** It has no heap that could be kept from it: what it read of the allocator above may be old. */
  @ParameterizedTest
  @EnumSource
  void aVirtualThreadThatAskedBeforeALayerAboveLeftTheHotPathsStaysOut(Form form) throws Exception {
    VirtualThread.assumeAvailable();
    PagedAllocator allocator = (PagedAllocator) form.over(new TroublesomeInner(), 2);
    int sizeClass = allocator.sizeClass(48);
    VirtualThread.run(
        () -> {
          allocator.free(allocator.malloc(48)); // its common heap has a page
          int seen = allocator.hotPathExits();
          long address = allocator.takeEntered(sizeClass, seen);
          assertTrue(address != 0);
          allocator.free(address);

          allocator.leaveHotPaths();
          assertEquals(0, allocator.takeEntered(sizeClass, seen));

          address = enter(allocator, sizeClass);
          assertTrue(address != 0);
          allocator.free(address);
          return null;
        });
    allocator.close();
  }

  @Test
  void whatIsReleasedWithBlocksThatWereFreedTwiceTellsTheLeakToo() {
    var allocator = (SharedAllocator) Form.FIXED_BLOCKS.over(new TroublesomeInner(), 2);
    long leaked = allocator.malloc(64);
    long twice = allocator.malloc(64);
    allocator.free(twice);
    Page page = allocator.findBlock(twice);
    page.remote.add((int) page.index(twice)); // as if another thread had freed it at the same time
    var e = assertThrows(LeakException.class, allocator::closeAndRelease);
    assertArrayEquals(new long[] {leaked}, e.addresses());
    assertInstanceOf(InvalidFreeException.class, e.getSuppressed()[0]);
    assertThrows(IllegalStateException.class, () -> allocator.malloc(64));
  }

  /** Asks for as much stack as a layer that is put on a whole stack. */
  private static final class Demanding extends TroublesomeInner implements StackChecked {

    @Override
    void beforeFree() {
      StackRoom.requireForStack();
    }

    @Override
    public boolean isStackChecked() {
      return true;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void closeAndReleaseAtTheEndOfAStackLosesNoPage(boolean shared) throws InterruptedException {
    for (int round = 0; round < 8; round++) {
      var inner = new Demanding();
      int padding = round;
      Thread thread =
          new Thread(
              null,
              () -> {
                OwningAllocator allocator =
                    FixedBlockAllocator.builder(inner).pageSize(640).shared(shared).build();
                for (int i = 0; i < 100; i++) {
                  long unused = allocator.malloc(64);
                }
                new AtTheEnd(() -> closeWithLeak(allocator), 4).call(padding);
              },
              "short stack",
              256 * 1024);
      thread.start();
      thread.join();
      inner.ledger.assertEverythingReturned();
    }
  }

  private static void closeWithLeak(OwningAllocator allocator) {
    try {
      allocator.closeAndRelease();
    } catch (LeakException e) {
      // as it should
    }
  }

  @Test
  void liveBlocksOfAHeapWithoutAnOwnerThatAreAskedForWhereTheStackEndsStayAsTheyAre()
      throws Exception {
    for (int round = 0; round < 400; round++) {
      var inner = RecordingAllocator.create();
      var blocks = FixedBlockAllocator.builder(inner).pageSize(64 * 256).shared().heaps(1).build();
      long mine = blocks.malloc(64); // the only heap that a thread may own is this thread's
      int padding = round % 61;
      var other =
          new FutureTask<Void>(
              () -> {
                Set<Long> live = new HashSet<>();
                for (int i = 0; i < 10; i++) {
                  live.add(blocks.malloc(64));
                }
                new AtTheEnd(() -> blocks.liveAddresses(10), 1).call(padding);
                for (int i = 0; i < 300; i++) {
                  assertTrue(live.add(blocks.malloc(64)), "handed out twice");
                }
                assertEquals(live.size() + 1, blocks.stats().liveBlocks());
                live.forEach(blocks::free);
                return null;
              });
      new Thread(null, other, "short stack", 200_000).start();
      other.get();
      blocks.free(mine);
      blocks.close();
      inner.assertEverythingReturned();
    }
  }

  /** Goes down to the end of the stack, and calls on the way up until that does not overflow. */
  private static final class AtTheEnd {

    private final Runnable call;
    private final int step;
    private boolean done;
    private int frame;

    /** {@code step} is how many frames lie between two calls. */
    AtTheEnd(Runnable call, int step) {
      this.call = call;
      this.step = step;
    }

    /** Adds frames of another length first, so that the stack ends at another place. */
    private long call(long padding) {
      if (padding > 0) {
        return call(padding - 1) + padding;
      }
      goDown(padding, 1, 2);
      return 0;
    }

    @SuppressWarnings("UnusedVariable") // they make its frames longer
    private void goDown(long a, long b, long c) {
      try {
        goDownInShorterFrames();
      } catch (StackOverflowError e) {
        // here it ends
      }
      callAtEachStep();
    }

    private void goDownInShorterFrames() {
      try {
        goDown(frame, 1, 2);
      } catch (StackOverflowError e) {
        // or here
      }
      callAtEachStep();
    }

    private void callAtEachStep() {
      if (!done && frame++ % step == 0) {
        call.run();
        done = true;
      }
    }
  }

  @Test
  void aHundredThousandVirtualThreadsReserveNoMoreThanEightPlatformThreadsMay() throws Exception {
    VirtualThread.assumeAvailable();
    int heaps = 4;
    var ledger = RecordingAllocator.create();
    var allocator =
        FixedBlockAllocator.builder(ledger).pageSize(4096).shared().heaps(heaps).build();
    Set<Throwable> thrown = ConcurrentHashMap.newKeySet();
    ExecutorService threads = VirtualThread.executor();
    for (int i = 0; i < 100_000; i++) {
      threads.execute(
          () -> {
            try {
              allocator.free(allocator.malloc(64));
            } catch (Throwable e) {
              thrown.add(e);
            }
          });
    }
    threads.shutdown();
    assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS), "virtual threads do not end");
    assertEquals(Set.of(), thrown);
    long peak = allocator.stats().peakReservedBytes();
    assertTrue(peak <= 2L * heaps * 4096, () -> "peak=" + peak);
    allocator.close();
    ledger.assertEverythingReturned();
  }
}
