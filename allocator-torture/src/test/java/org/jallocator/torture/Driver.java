package org.jallocator.torture;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.RecordingAllocator.Failure;

/**
 * Drives a stack by random calls, in step with a model that is checked after each of them. Its
 * leaves may be told to fail; then what they throw must pass, and change nothing.
 */
final class Driver {

  private record Mark(long token, long serial) {}

  /** A malloc or a free that may throw. */
  private interface Call {
    long run();
  }

  private static final int LEDGER_EVERY = 64;
  private static final long[] LIMITS = {8, 64, 64, 64, 64, 512, 512, 4096, 1 << 16, 1 << 20};

  private final Tower tower;
  private final Allocator allocator;
  private final RecordingAllocator ledger;
  private final SplittableRandom random;
  private final boolean oneLayer;
  private final int mostLive;
  private final Blocks blocks = new Blocks();
  private final List<Mark> marks = new ArrayList<>();
  private Failure failure = Failure.RETURNS_NULL;
  private int target;
  private long steps;

  Driver(Tower tower, boolean oneLayer, int mostLive, long seed) {
    this.tower = tower;
    this.allocator = tower.allocator();
    this.ledger = tower.ledger();
    this.oneLayer = oneLayer;
    this.mostLive = mostLive;
    this.random = new SplittableRandom(seed);
  }

  Blocks blocks() {
    return blocks;
  }

  /** Says by what a malloc of the leaf fails from now on, where it is told to. */
  void expect(Failure failure) {
    this.failure = failure;
  }

  /** Makes some calls. */
  void run(int calls) {
    for (int i = 0; i < calls; i++) {
      step();
    }
  }

  /** Frees everything and closes. */
  void end() {
    freeAll();
    if (blocks.doubtful() == 0) {
      tower.close();
    } else {
      tower.closeAndRelease(blocks.doubtful());
    }
  }

  private void freeAll() {
    while (blocks.size() > 0) {
      free(blocks.get(blocks.size() - 1));
    }
    check();
  }

  /** Makes one call, and checks what it changed. */
  void step() {
    steps++;
    int choice = random.nextInt(512);
    if (choice == 0) {
      target = random.nextInt(mostLive);
    } else if (choice < 4) {
      guarded(allocator::trim);
    } else if (choice < 8) {
      unserved();
    } else if (choice < 72 && allocator instanceof Arena arena) {
      scope(arena, choice);
    } else if (blocks.size() < target == (random.nextInt(4) != 0) || blocks.size() == 0) {
      malloc(size());
    } else {
      free(blocks.get(random.nextInt(blocks.size())));
    }
    check();
  }

  private long size() {
    long limit = LIMITS[random.nextInt(LIMITS.length)];
    long maxSize = allocator.maxSize();
    if (maxSize <= limit && random.nextInt(8) == 0) {
      return maxSize - random.nextLong(Math.min(2, maxSize));
    }
    return 1 + random.nextLong(Math.min(limit, maxSize));
  }

  private void unserved() {
    boolean refused = false;
    try {
      allocator.malloc(-random.nextLong(3));
    } catch (IllegalArgumentException e) {
      refused = true;
    }
    require(refused, () -> "malloc of no bytes");
    if (allocator.maxSize() < Long.MAX_VALUE) {
      require(
          allocator.tryMalloc(allocator.maxSize() + 1) == Allocator.NULL,
          () -> "more than maxSize");
    }
  }

  private void malloc(long size) {
    boolean byTry = random.nextBoolean();
    long failures = ledger.plannedFailures();
    long address = guarded(() -> byTry ? allocator.tryMalloc(size) : allocator.malloc(size));
    if (address == Allocator.NULL) {
      require(
          ledger.plannedFailures() > failures || blocks.doubtful() > 0,
          () -> "no block although there is memory, size=" + size);
      return;
    }
    long good = allocator.goodSize(size);
    require(good >= size, () -> "goodSize=" + good + ", size=" + size);
    require(
        (address & (allocator.alignment() - 1)) == 0, () -> "not aligned: " + Blocks.hex(address));
    require(
        ledger.holds(address, good), () -> "not the leaf's: " + Blocks.hex(address) + "+" + good);
    require(
        !(allocator instanceof OwningAllocator owning) || owning.owns(address),
        () -> "does not own " + Blocks.hex(address));
    blocks.add(address, size, good);
  }

  private void free(Blocks.Block block) {
    blocks.remove(block);
    int form = random.nextInt(allocator instanceof OwningAllocator ? 4 : 2);
    long failures = ledger.freeFailures();
    guarded(() -> freed(block, form));
    if (ledger.freeFailures() > failures) {
      boolean kept = ledger.lastPlanned() instanceof IllegalStateException;
      if (kept && threw) {
        blocks.restore(block);
      } else if (threw) {
        blocks.doubt(1);
      }
    }
  }

  private long freed(Blocks.Block block, int form) {
    switch (form) {
      case 0 -> allocator.free(block.address);
      case 1 -> allocator.free(block.address, block.size);
      case 2 ->
          require(
              ((OwningAllocator) allocator).tryFree(block.address), () -> "tryFree of " + block);
      default ->
          require(
              ((OwningAllocator) allocator).tryFree(block.address, block.size),
              () -> "tryFree of " + block);
    }
    return 0;
  }

  private void scope(Arena arena, int choice) {
    if (choice == 8) {
      marks.clear();
      endScope(0, arena::freeAll);
    } else if (choice < 40 || marks.isEmpty()) {
      guarded(
          () -> {
            Mark mark = new Mark(arena.mark(), blocks.serial());
            marks.add(mark);
            return 0;
          });
    } else {
      int which = random.nextInt(marks.size());
      Mark mark = marks.get(which);
      marks.subList(which, marks.size()).clear();
      endScope(mark.serial, () -> arena.release(mark.token));
    }
  }

  private void endScope(long serial, Runnable end) {
    int dropped = 0;
    for (Blocks.Block block : blocks.copy()) {
      if (block.serial >= serial) {
        blocks.remove(block);
        dropped++;
      }
    }
    guarded(
        () -> {
          end.run();
          return 0;
        });
    if (threw) {
      blocks.doubt(dropped);
    }
  }

  /** Whether the last guarded call threw what the leaf was told to throw. */
  private boolean threw;

  /** {@return what a call returns, or NULL if it threw what the leaf was told to throw} */
  private long guarded(Call call) {
    long mallocFailures = ledger.plannedFailures();
    long freeFailures = ledger.freeFailures();
    threw = false;
    long result;
    try {
      result = call.run();
    } catch (RuntimeException | Error e) {
      boolean noMemory = e instanceof OutOfMemoryError && failure.isNoMemory();
      boolean mallocFailed = ledger.plannedFailures() > mallocFailures;
      boolean freeFailed = ledger.freeFailures() > freeFailures;
      if (!(mallocFailed && noMemory) && !((mallocFailed || freeFailed) && isPlanned(e))) {
        throw e;
      }
      threw = true;
      return Allocator.NULL;
    }
    require(
        ledger.plannedFailures() == mallocFailures || failure.isNoMemory(),
        () -> "swallowed " + ledger.lastPlanned());
    require(
        ledger.freeFailures() == freeFailures
            || ledger.lastPlanned() instanceof IllegalStateException,
        () -> "swallowed " + ledger.lastPlanned());
    return result;
  }

  private boolean isPlanned(Throwable thrown) {
    Throwable planned = ledger.lastPlanned();
    return planned != null
        && (thrown == planned
            || thrown.getCause() == planned
            || Arrays.asList(thrown.getSuppressed()).contains(planned));
  }

  /** Checks every figure. */
  void check() {
    AllocatorStats stats = allocator.stats();
    blocks.check(stats);
    if (steps % LEDGER_EVERY == 0) {
      require(ledger.wrongFrees().isEmpty(), () -> "wrong frees of the leaf");
      if (oneLayer && stats.isTracked() && ledger.freeFailures() == 0) {
        require(stats.reservedBytes() == ledger.liveBytes(), () -> "reservedBytes: " + stats);
        require(stats.innerMallocs() == ledger.mallocs(), () -> "innerMallocs: " + stats);
        require(stats.innerFrees() == ledger.frees(), () -> "innerFrees: " + stats);
      }
    }
  }

  private static void require(boolean condition, Supplier<String> message) {
    if (!condition) {
      throw new AssertionError(message.get());
    }
  }
}
