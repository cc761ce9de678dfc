package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.AllocatorListener;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The figures of an arena while its owner changes it: what a listener sees, and another thread. */
@Tag("once") // races take their time
@Timeout(60)
final class ArenaFiguresTest {

  private static final int CHUNK = 1024;
  private static final int LARGE = 4096;
  private static final int WINDOW = 100;
  private static final int BATCH = 100;
  private static final long RACE_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

  /** Hands out each address once, and is fast, so that the arena's own steps are most of a call. */
  private static final class EndlessAllocator implements Allocator {

    private long next = 1 << 20;

    @Override
    public long malloc(long size) {
      return tryMalloc(size);
    }

    @Override
    public long tryMalloc(long size) {
      long address = next;
      next = (address + size + 15) & -16;
      return address;
    }

    @Override
    public void free(long address) {}

    @Override
    public void free(long address, long size) {}

    @Override
    public long maxSize() {
      return 1L << 40;
    }

    @Override
    public long alignment() {
      return 16;
    }

    @Override
    public boolean isShared() {
      return false;
    }

    @Override
    public AllocatorStats stats() {
      return AllocatorStats.UNTRACKED;
    }

    @Override
    public void close() {}
  }

  /** Reads the figures of an arena at each event of this thread. */
  private static final class Listener implements AllocatorListener {

    private final Thread thread = Thread.currentThread();
    private final List<AllocatorStats> seen = new ArrayList<>();
    private final ArenaAllocator arena;

    Listener(ArenaAllocator arena) {
      this.arena = arena;
    }

    private void look() {
      if (Thread.currentThread() == thread) {
        seen.add(arena.stats());
      }
    }

    @Override
    public void pageTaken(String layer, long address, long bytes) {
      look();
    }

    @Override
    public void pageReturned(String layer, long address, long bytes) {
      look();
    }
  }

  @Test
  void aListenerSeesEachInnerMallocOnceAndEachInnerFreeOnce() {
    RecordingAllocator inner = RecordingAllocator.create();
    ArenaAllocator arena = ArenaAllocator.create(inner, CHUNK, 16);
    Listener listener = new Listener(arena);
    AllocatorEvents.add(listener);
    try {
      long old = arena.malloc(LARGE);
      arena.malloc(LARGE);
      arena.malloc(16);
      arena.free(old);
      arena.freeAll();
      arena.trim();
    } finally {
      AllocatorEvents.remove(listener);
    }
    assertEquals(
        List.of("1-0", "2-0", "3-0", "3-1", "3-2", "3-3"),
        listener.seen.stream()
            .map(stats -> stats.innerMallocs() + "-" + stats.innerFrees())
            .toList());
  }

  /** What two readings, one after the other, cannot be. */
  private interface Rule {
    boolean isBroken(AllocatorStats before, AllocatorStats now);
  }

  /** Reads the figures of an arena on a thread of its own, as long as the owner does rounds. */
  private static void assertHolds(Rule rule, ArenaAllocator arena, Runnable round)
      throws InterruptedException, ExecutionException {
    AtomicBoolean done = new AtomicBoolean();
    FutureTask<List<AllocatorStats>> reader =
        new FutureTask<>(
            () -> {
              List<AllocatorStats> broken = List.of();
              AllocatorStats before = arena.stats();
              while (!done.get() && broken.isEmpty()) {
                for (int i = 0; i < BATCH; i++) { // no fence between them but the arena's own
                  AllocatorStats now = arena.stats();
                  if (rule.isBroken(before, now)) {
                    broken = List.of(before, now);
                  }
                  before = now;
                }
              }
              return broken;
            });
    new Thread(reader).start();
    try {
      long end = System.nanoTime() + RACE_NANOS;
      while (System.nanoTime() < end && !reader.isDone()) {
        for (int i = 0; i < BATCH; i++) {
          round.run();
        }
      }
    } finally {
      done.set(true);
    }
    assertEquals(List.of(), reader.get());
  }

  /** Takes a block that is larger than all before, and another one, and frees both. */
  private static Runnable growing(ArenaAllocator arena) {
    long[] size = {LARGE};
    return () -> {
      long first = arena.malloc(size[0] += 16);
      long second = arena.malloc(LARGE);
      arena.free(second);
      arena.free(first);
    };
  }

  @Test
  void innerMallocsNeverFallBesideTheOwner() throws Exception {
    ArenaAllocator arena = ArenaAllocator.create(new EndlessAllocator(), CHUNK, 16);
    assertHolds((before, now) -> now.innerMallocs() < before.innerMallocs(), arena, growing(arena));
  }

  @Test
  void innerFreesAreNeverMoreThanInnerMallocsBesideTheOwner() throws Exception {
    ArenaAllocator arena = ArenaAllocator.create(new EndlessAllocator(), CHUNK, 16);
    assertHolds((before, now) -> now.innerFrees() > now.innerMallocs(), arena, growing(arena));
  }

  /** The two loads lie side by side, so that wrong code fails in about every second run. */
  @Test
  void thePeakNeitherFallsNorIsLessThanWhatIsReservedBesideTheOwner() throws Exception {
    ArenaAllocator arena = ArenaAllocator.create(new EndlessAllocator(), CHUNK, 16);
    assertHolds(
        (before, now) ->
            now.peakReservedBytes() < before.peakReservedBytes()
                || now.peakReservedBytes() < now.reservedBytes(),
        arena,
        growing(arena));
  }

  /** Blocks of which the oldest goes and another comes, so that their entries move together. */
  private static Runnable movingWindow(ArenaAllocator arena) {
    Queue<Long> window = new ArrayDeque<>();
    for (int i = 0; i < WINDOW; i++) {
      window.add(arena.malloc(LARGE));
    }
    return () -> {
      window.add(arena.malloc(LARGE));
      arena.free(window.remove());
    };
  }

  @Test
  void largeBlocksThatStayAreCountedWhileTheirEntriesMove() throws Exception {
    ArenaAllocator arena = ArenaAllocator.create(new EndlessAllocator(), CHUNK, 16);
    assertHolds(
        (before, now) -> now.liveBlocks() < WINDOW || now.liveBlocks() > WINDOW + 1,
        arena,
        movingWindow(arena));
  }

  @Test
  void bytesOfLargeBlocksThatStayAreCountedOnceWhileTheirEntriesMove() throws Exception {
    ArenaAllocator arena = ArenaAllocator.create(new EndlessAllocator(), CHUNK, 16);
    assertHolds(
        (before, now) -> now.liveBytes() < WINDOW * LARGE || now.liveBytes() > (WINDOW + 1) * LARGE,
        arena,
        movingWindow(arena));
  }

  /** If a processor keeps the order of stores, as x86 does, a fence that is missing is not seen. */
  @Test
  void anArenaThatTakesItsFirstChunksIsRead() throws Exception {
    ArenaAllocator[] arenas = new ArenaAllocator[20_000];
    Arrays.setAll(arenas, i -> ArenaAllocator.create(new EndlessAllocator(), CHUNK, 16));
    AtomicInteger started = new AtomicInteger();
    FutureTask<Boolean> reader =
        new FutureTask<>(
            () -> {
              for (int i = 0; i < arenas.length; i = Math.max(i, started.get())) {
                AllocatorStats stats = arenas[Math.min(i, arenas.length - 1)].stats();
                if (stats.liveBlocks() > 3 || stats.liveBytes() > 3 * CHUNK / 2) {
                  return false;
                }
              }
              return true;
            });
    new Thread(reader).start();
    for (ArenaAllocator arena : arenas) {
      for (int i = 0; i < 3; i++) {
        arena.malloc(CHUNK / 2);
      }
      started.incrementAndGet();
    }
    assertTrue(reader.get());
  }
}
