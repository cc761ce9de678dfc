package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What layers that count say after frees of one block have raced, and while a free is under way.
 */
@Tag("once")
final class StatsRaceTest {

  private static final int ROUNDS = 20_000;
  private static final int LEAKS = 3_000;
  private static final int SIZE = 64;
  private static final int OTHER_SIZE = 32;
  private static final int MOST_DELAY = 64;
  private static final int LARGE = 1 << 20;

  /** What each free does after the memory was taken, once. */
  private final Deque<Callable<?>> inTheFree = new ArrayDeque<>();

  private final RecordingAllocator memory =
      RecordingAllocator.builder().reusesAddresses(true).refusesWrongFrees(true).build();

  private final ExecutorService first = Executors.newSingleThreadExecutor();
  private final ExecutorService second = Executors.newSingleThreadExecutor();
  private final ExecutorService third = Executors.newSingleThreadExecutor();
  private final ExecutorService fourth = Executors.newSingleThreadExecutor();

  @AfterEach
  void endTheThreads() {
    for (ExecutorService thread : new ExecutorService[] {first, second, third, fourth}) {
      thread.shutdownNow();
    }
  }

  @Test
  void statsCountsOneFreeOfTwoThatRace() throws Exception {
    StatsAllocator stats = StatsAllocator.create(memory);
    stats.push();
    race(stats);
    assertEquals(0, stats.pop().liveBytes());
    stats.close();
  }

  @Test
  void limitAndTrackedCountOneFreeOfTwoThatRace() throws Exception {
    Allocator limit = LimitAllocator.create(memory, 1 << 20, 0);
    race(limit);
    Allocator tracked = TrackedAllocator.builder(limit).frames(1).history(0).build();
    race(tracked);
    tracked.close();
    limit.close();
  }

  /** The first thread mallocs and frees, the second frees the same block at the same time. */
  private void race(Allocator allocator) throws Exception {
    AtomicLong block = new AtomicLong();
    AtomicInteger successes = new AtomicInteger();
    together(
        (number, meeting) -> {
          for (int i = 1; i <= ROUNDS; i++) {
            if (number == 0) {
              block.set(allocator.malloc(SIZE));
            }
            meeting.meet();
            spin(number == 0 ? i % MOST_DELAY : i / MOST_DELAY % MOST_DELAY);
            freeUnlessFree(allocator, block.get(), i % 4 == 0, successes);
            meeting.meet();
            if (number == 0) {
              AllocatorStats live = allocator.stats();
              assertEquals(0, live.liveBlocks(), "blocks after race " + i);
              assertEquals(0, live.liveBytes(), "bytes after race " + i);
            }
          }
        });
    assertEquals(ROUNDS, successes.get());
  }

  @Test
  void aBlockThatMovesToTheTableWhileAnotherThreadFreesItCountsAsFreed() throws Exception {
    StatsAllocator stats = StatsAllocator.create(new Plain(memory));
    AtomicLong block = new AtomicLong();
    together(
        (number, meeting) -> {
          for (int i = 1; i <= ROUNDS; i++) {
            if (number == 0) {
              block.set(stats.malloc(SIZE));
            }
            meeting.meet();
            spin(number == 0 ? i % MOST_DELAY : i / MOST_DELAY % MOST_DELAY);
            long other = number == 0 ? stats.malloc(OTHER_SIZE) : 0;
            stats.free(number == 0 ? other : block.get());
            meeting.meet();
            AllocatorStats live = stats.stats();
            assertEquals(0, live.liveBlocks(), "blocks after race " + i);
            assertEquals(0, live.liveBytes(), "bytes after race " + i);
            meeting.meet();
          }
        });
    stats.close();
  }

  @Test
  void thePeakSinceAPushIsNotNegativeIfAnotherThreadFreesMeanwhile() throws Exception {
    StatsAllocator stats = StatsAllocator.create(new Plain(memory));
    together(
        (number, meeting) -> {
          long[] blocks = new long[50];
          for (int i = 1; i <= LEAKS; i++) {
            mallocAll(stats, number == 0 ? blocks : new long[0]);
            meeting.meet();
            if (number == 0) {
              freeAll(stats, blocks);
            } else {
              spin(i % MOST_DELAY);
              stats.push();
              StatsCounters counted = stats.pop();
              assertTrue(counted.peakBlocks() >= 0 && counted.peakBytes() >= 0, counted::toString);
            }
            meeting.meet();
          }
        });
    stats.close();
  }

  /** Its owner may be about to write the one before. */
  @Test
  void aThreadThatResetsThePeakOfAnotherDoesNotWriteWhatThatOneWrites() throws Exception {
    StatsAllocator stats = StatsAllocator.create(memory);
    long small = on(first, () -> stats.malloc(SIZE));
    on(first, () -> free(stats, stats.malloc(LARGE)));
    stats.resetPeak();
    Tally tally = stats.tallies.all[1];
    assertEquals(SIZE + LARGE, tally.peakNetBytes);
    assertEquals(SIZE, stats.counters().peakBytes());
    on(first, () -> free(stats, stats.malloc(OTHER_SIZE)));
    assertEquals(SIZE + OTHER_SIZE, stats.counters().peakBytes());
    assertEquals(SIZE + LARGE, stats.stats().peakReservedBytes());
    on(first, () -> free(stats, small));
    stats.close();
  }

  private static void mallocAll(Allocator allocator, long[] blocks) {
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = allocator.malloc(SIZE);
    }
  }

  private static void freeAll(Allocator allocator, long[] blocks) {
    for (long block : blocks) {
      allocator.free(block);
    }
  }

  @Test
  void closeFindsALeakAlthoughTheInnerAcceptedTwoFreesOfAnotherBlock() throws Exception {
    StatsAllocator stats = StatsAllocator.create(new Lenient());
    AtomicLong block = new AtomicLong();
    AtomicInteger successes = new AtomicInteger();
    long leaked = on(first, () -> stats.malloc(SIZE));
    together(
        (number, meeting) -> {
          for (int i = 1; i <= LEAKS; i++) {
            if (number == 0) {
              block.set(stats.malloc(SIZE));
            }
            meeting.meet();
            spin(number == 0 ? i % MOST_DELAY : i / MOST_DELAY % MOST_DELAY);
            freeUnlessFree(stats, block.get(), false, successes);
            meeting.meet();
            if (number == 1) {
              LeakException leak = assertThrows(LeakException.class, stats::close);
              assertEquals(1, leak.liveBlocks());
              assertEquals(SIZE, leak.liveBytes());
            }
            meeting.meet();
          }
        });
    stats.free(leaked);
    stats.close();
  }

  /** What one of two threads does. */
  private interface Work {
    void run(int number, Meeting meeting) throws Exception;
  }

  /** Where two threads wait for each other, actively. */
  private static final class Meeting {
    private final AtomicInteger arrived = new AtomicInteger();
    private volatile boolean failed;

    private void meet() {
      int all = (arrived.getAndIncrement() | 1) + 1;
      for (int i = 0; arrived.get() < all && !failed; i++) {
        if (i < 1000) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(1000);
        }
      }
      if (failed) {
        throw new IllegalStateException("the other thread failed");
      }
    }
  }

  /** Runs two threads to their ends, and throws what the one threw that failed first. */
  private void together(Work work) throws Exception {
    Meeting meeting = new Meeting();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    List<Future<?>> ends = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int number = i;
      ends.add(
          (number == 0 ? first : second)
              .submit(
                  () -> {
                    try {
                      work.run(number, meeting);
                    } catch (Throwable e) {
                      thrown.compareAndSet(null, e);
                      meeting.failed = true;
                    }
                  }));
    }
    for (Future<?> end : ends) {
      end.get();
    }
    Throwable e = thrown.get();
    if (e != null) {
      throw new AssertionError(e.toString(), e);
    }
  }

  private static void spin(int count) {
    for (int i = 0; i < count; i++) {
      Thread.onSpinWait();
    }
  }

  private static void freeUnlessFree(
      Allocator allocator, long address, boolean sized, AtomicInteger successes) {
    try {
      if (sized) {
        allocator.free(address, SIZE);
      } else {
        allocator.free(address);
      }
      successes.incrementAndGet();
    } catch (InvalidFreeException e) {
      // The memory does not remember what it had handed out.
      assertTrue(e.reason() == Reason.DOUBLE_FREE || e.reason() == Reason.FOREIGN, e::toString);
    }
  }

  @Test
  void aBlockThatWasHandedOnWhileItsLastFreeEndsCanBeFreedByItsFirstOwner() throws Exception {
    StatsAllocator stats = StatsAllocator.create(new Pausing());
    long block = on(first, () -> stats.malloc(SIZE));
    inTheFree.add(
        () -> {
          assertEquals(block, on(third, () -> stats.malloc(SIZE)));
          return on(first, () -> free(stats, block));
        });
    on(second, () -> free(stats, block));
    assertEquals(0, stats.stats().liveBlocks());
    stats.close();
  }

  @Test
  void aBlockCanBeFreedByItsOwnerWhileTheFreeOfItsFormerOwnerEnds() throws Exception {
    for (ExecutorService freeing : new ExecutorService[] {first, second}) {
      StatsAllocator stats = StatsAllocator.create(new Pausing());
      long block = on(first, () -> stats.malloc(SIZE));
      long other = on(third, () -> stats.malloc(OTHER_SIZE));
      inTheFree.add(() -> on(fourth, () -> free(stats, other)));
      inTheFree.add(
          () -> {
            assertEquals(block, on(third, () -> stats.malloc(SIZE)));
            return on(third, () -> free(stats, block));
          });
      on(freeing, () -> free(stats, block));
      assertEquals(0, stats.stats().liveBlocks());
      assertEquals(0, stats.stats().liveBytes());
      stats.close();
    }
  }

  @Test
  void aLargeBlockOfASecondThreadIsInThePeak() throws Exception {
    StatsAllocator stats = StatsAllocator.create(memory);
    long small = on(first, () -> stats.malloc(SIZE));
    on(second, () -> free(stats, stats.malloc(LARGE)));
    assertEquals(SIZE + LARGE, stats.counters().peakBytes());
    on(first, () -> free(stats, small));
    stats.close();
  }

  private static boolean free(Allocator allocator, long address) {
    allocator.free(address);
    return true;
  }

  /** Does something on a thread, and waits for the end. */
  private static <T> T on(ExecutorService thread, Callable<T> work) throws Exception {
    try {
      return thread.submit(work).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (Exception) e.getCause();
    }
  }

  /** The memory; it accepts a second free of a block. */
  private final class Lenient extends OfMemory {

    @Override
    public void free(long address) {
      try {
        memory.free(address);
      } catch (InvalidFreeException accepted) {
        assertNotNull(accepted.reason());
      }
    }
  }

  /** The memory, with a pause at the end of its frees. */
  private final class Pausing extends OfMemory {

    @Override
    public void free(long address) {
      memory.free(address);
      Callable<?> next = inTheFree.poll();
      try {
        assertNotNull(next == null ? this : next.call());
      } catch (Exception e) {
        throw new AssertionError("in the pause: " + e, e);
      }
    }
  }

  /** The memory, with frees of another kind. */
  private abstract class OfMemory implements Allocator {

    @Override
    public long malloc(long size) {
      return memory.malloc(size);
    }

    @Override
    public long tryMalloc(long size) {
      return memory.tryMalloc(size);
    }

    @Override
    public void free(long address, long size) {
      free(address);
    }

    @Override
    public long maxSize() {
      return memory.maxSize();
    }

    @Override
    public long alignment() {
      return memory.alignment();
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public AllocatorStats stats() {
      return memory.stats();
    }

    @Override
    public void close() {}
  }
}
