package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.RecordingAllocator.Failure;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random programs against a model that knows more of an arena than the contract says: which of the
 * addresses that were freed it still takes for blocks, how long each block is, and which marks are
 * good.
 */
@Tag("once")
final class ArenaModelTest {

  private static final int STEPS = 2000;
  private static final List<Failure> FAILURES = List.of(Failure.values());

  @ParameterizedTest
  @CsvSource({
    // chunkSize, alignment, innerAlignment, innerMaxSize
    "64, 16, 16, 0",
    "256, 8, 16, 0",
    "1000, 1, 16, 0",
    "1024, 16, 4, 0",
    "4096, 64, 8, 0",
    "65536, 16, 16, 0",
    "65536, 4096, 16, 0",
    "65536, 16, 16, 64",
    "65536, 16, 4, 20",
    "5000, 8, 16, 777",
    "1, 1, 1, 1",
  })
  void agreesWithTheModelAfterEachStep(
      long chunkSize, long alignment, long innerAlignment, long innerMaxSize) {
    for (long seed = 1; seed <= 3; seed++) {
      RecordingAllocator inner =
          RecordingAllocator.builder()
              .alignment(innerAlignment)
              .maxSize(innerMaxSize == 0 ? Long.MAX_VALUE : innerMaxSize)
              .reusesAddresses(seed % 2 == 0)
              .build();
      long retain = 2 * (seed - 1) * chunkSize;
      ArenaAllocator arena =
          ArenaAllocator.builder(inner)
              .chunkSize(chunkSize)
              .alignment(alignment)
              .retain(retain)
              .build();
      long retained = Math.max(1, retain / Math.max(1, arena.chunkSize()));
      new Program(seed, inner, arena, chunkSize, retained).run();
      inner.assertEverythingReturned();
    }
  }

  private record Mark(long number, int step) {}

  private record Block(long length, int step) {}

  private static final class Program {
    private final long seed;
    private final Random random;
    private final RecordingAllocator inner;
    private final ArenaAllocator arena;
    private final long alignment;
    private final long chunkSize;
    private final long retained;

    /** Live blocks by address. */
    private final TreeMap<Long, Block> live = new TreeMap<>(Long::compareUnsigned);

    /** Starts of freed blocks whose memory was not handed out or given back since. */
    private final TreeMap<Long, Long> freed = new TreeMap<>(Long::compareUnsigned);

    private final List<Long> addresses = new ArrayList<>();
    private final List<Mark> marks = new ArrayList<>();
    private final List<Long> stale = new ArrayList<>();
    private long innerFrees;
    private int step;

    Program(
        long seed, RecordingAllocator inner, ArenaAllocator arena, long chunkSize, long retained) {
      this.seed = seed;
      this.random = new Random(seed);
      this.inner = inner;
      this.arena = arena;
      this.alignment = arena.alignment();
      this.chunkSize = chunkSize;
      this.retained = retained;
    }

    String at() {
      return arena + ", seed=" + seed + ", step=" + step;
    }

    void run() {
      for (step = 1; step <= STEPS; step++) {
        int choice = random.nextInt(1000);
        boolean growing = step / 200 % 2 == 0;
        if (choice < (growing ? 550 : 300)) {
          malloc();
        } else if (choice < 750) {
          free();
        } else if (choice < 850) {
          freeWrongly();
        } else if (choice < 900) {
          mark();
        } else if (choice < 940) {
          release();
        } else if (choice < 960) {
          releaseStale();
        } else if (choice < 963) {
          freeAll();
        } else if (choice < 966) {
          trim();
        } else {
          mallocFailing();
        }
        check();
      }
      new ArrayList<>(live.keySet()).forEach(this::free);
      arena.close();
    }

    private long randomSize() {
      long half = Math.max(1, chunkSize / 2);
      long size =
          switch (random.nextInt(8)) {
            case 0 -> 1;
            case 1 -> half + random.nextInt(3) - 1;
            case 2 -> chunkSize + random.nextInt(3) - 1;
            case 3 -> 1 + (random.nextLong() & 0xFFFF);
            case 4 -> 1 + random.nextLong(half);
            default -> 1 + random.nextLong(1 + half / 8);
          };
      return Math.max(1, Math.min(size, arena.maxSize()));
    }

    private long length(long size) {
      return Math.min((size + alignment - 1) / alignment * alignment, arena.maxSize());
    }

    private void malloc() {
      long size = randomSize();
      long address = random.nextBoolean() ? arena.malloc(size) : arena.tryMalloc(size);
      long length = length(size);
      assertEquals(0, address & (alignment - 1), at());
      assertTrue(inner.holds(address, length), at());
      Map.Entry<Long, Block> below = live.floorEntry(address);
      if (below != null) {
        long offset = address - below.getKey();
        assertTrue(Long.compareUnsigned(offset, below.getValue().length()) >= 0, at());
      }
      Map.Entry<Long, Block> above = live.ceilingEntry(address);
      if (above != null) {
        assertTrue(Long.compareUnsigned(above.getKey() - address, length) >= 0, at());
      }
      freed.subMap(address, true, address + length - 1, true).clear();
      live.put(address, new Block(length, step));
      addresses.add(address);
    }

    private void mallocFailing() {
      Failure how = FAILURES.get(random.nextInt(FAILURES.size()));
      long size = randomSize();
      inner.failOnce(1, how);
      long failures = inner.failures();
      try {
        long address = arena.tryMalloc(size);
        if (address != Allocator.NULL) {
          inner.stopFailing();
          arena.free(address);
          freed.subMap(address, true, address + length(size) - 1, true).clear();
          freed.put(address, 0L);
          forgetReturned();
          return;
        }
      } catch (RecordingAllocator.PlannedException | StackOverflowError planned) {
        assertFalse(how.isNoMemory(), at());
      }
      assertEquals(failures + 1, inner.failures(), at());
      inner.stopFailing();
    }

    private void free() {
      if (addresses.isEmpty()) {
        return;
      }
      int last = addresses.size() - 1;
      int index =
          switch (random.nextInt(3)) {
            case 0 -> last;
            case 1 -> Math.max(0, last - random.nextInt(5));
            default -> random.nextInt(addresses.size());
          };
      free(addresses.get(index));
    }

    private void free(long address) {
      long length = Objects.requireNonNull(live.get(address)).length();
      long wrong = random.nextBoolean() ? length + 1 : length - alignment;
      if (length(Math.max(1, wrong)) != length || wrong < 1 || wrong > arena.maxSize()) {
        refuses(Reason.SIZE_MISMATCH, () -> arena.free(address, wrong));
        refuses(Reason.SIZE_MISMATCH, () -> arena.tryFree(address, wrong));
      }
      switch (random.nextInt(4)) {
        case 0 -> arena.free(address);
        case 1 -> arena.free(address, length);
        case 2 -> assertTrue(arena.tryFree(address), at());
        default ->
            assertTrue(arena.tryFree(address, (length - 1) / alignment * alignment + 1), at());
      }
      forget(address);
      forgetReturned();
    }

    private void forget(long address) {
      live.remove(address);
      addresses.remove(address);
      freed.put(address, 0L);
    }

    /** What is freed in memory that went back to the inner is no longer the arena's to know. */
    private void forgetReturned() {
      if (inner.frees() == innerFrees) {
        return;
      }
      innerFrees = inner.frees();
      freed.keySet().removeIf(address -> !inner.holds(address, 1));
    }

    private void freeWrongly() {
      List<Long> candidates = new ArrayList<>(List.of(0L, -1L, random.nextLong()));
      if (!freed.isEmpty()) {
        Long near = freed.ceilingKey(freed.firstKey() + random.nextInt(1 << 17));
        candidates.add(near == null ? freed.lastKey() : near);
      }
      for (Map.Entry<Long, Long> region : inner.liveBlocks().entrySet()) {
        candidates.add(region.getKey() + random.nextLong(region.getValue()));
        candidates.add(region.getKey() - 1);
        if (candidates.size() > 20) {
          break;
        }
      }
      for (long address : candidates) {
        if (!live.containsKey(address)) {
          freeWrongly(address);
        }
      }
    }

    private void freeWrongly(long address) {
      if (inner.holds(address, 1)) {
        Reason reason = freed.containsKey(address) ? Reason.DOUBLE_FREE : Reason.NOT_A_BLOCK;
        assertTrue(arena.owns(address), at());
        refuses(reason, () -> arena.free(address));
        refuses(reason, () -> arena.tryFree(address));
        refuses(reason, () -> arena.free(address, 1));
      } else {
        assertFalse(arena.owns(address), at());
        assertFalse(arena.tryFree(address), at());
        assertFalse(arena.tryFree(address, 1), at());
        if (address == Allocator.NULL) {
          arena.free(address);
        } else {
          refuses(Reason.FOREIGN, () -> arena.free(address));
        }
      }
    }

    private void refuses(Reason reason, Runnable free) {
      try {
        free.run();
      } catch (InvalidFreeException e) {
        assertEquals(reason, e.reason(), at());
        return;
      }
      fail(at() + ": was not refused as " + reason);
    }

    private void mark() {
      marks.add(new Mark(arena.mark(), step));
    }

    private void release() {
      if (marks.isEmpty()) {
        return;
      }
      int index = random.nextBoolean() ? marks.size() - 1 : random.nextInt(marks.size());
      Mark mark = marks.get(index);
      arena.release(mark.number());
      List<Mark> ended = marks.subList(index, marks.size());
      ended.forEach(each -> stale.add(each.number()));
      ended.clear();
      forgetSince(mark.step());
    }

    private void forgetSince(int since) {
      List<Long> gone = new ArrayList<>();
      live.forEach(
          (address, block) -> {
            if (block.step() > since) {
              gone.add(address);
            }
          });
      gone.forEach(this::forget);
      forgetReturned();
    }

    private void releaseStale() {
      List<Long> numbers = new ArrayList<>(List.of(0L, -1L, random.nextLong()));
      if (!stale.isEmpty()) {
        numbers.add(stale.get(random.nextInt(stale.size())));
      }
      for (long number : numbers) {
        assertThrows(IllegalStateException.class, () -> arena.release(number), at());
      }
    }

    private void freeAll() {
      arena.freeAll();
      marks.forEach(mark -> stale.add(mark.number()));
      marks.clear();
      forgetSince(0);
      assertTrue(inner.liveBlocks().size() <= retained, at());
    }

    private void trim() {
      long held = inner.liveBytes();
      assertEquals(held - arena.trim(), inner.liveBytes(), at());
      forgetReturned();
      live.forEach((address, block) -> assertTrue(inner.holds(address, block.length()), at()));
      if (live.isEmpty() && marks.isEmpty()) {
        assertEquals(0, inner.liveBytes(), at());
      }
    }

    private void check() {
      AllocatorStats stats = arena.stats();
      assertEquals(live.size(), stats.liveBlocks(), at());
      long bytes = live.values().stream().mapToLong(Block::length).sum();
      assertEquals(bytes, stats.liveBytes(), at());
      assertEquals(inner.liveBytes(), stats.reservedBytes(), at());
      assertEquals(inner.peakBytes(), stats.peakReservedBytes(), at());
      assertEquals(inner.mallocs(), stats.innerMallocs(), at());
      assertEquals(inner.frees(), stats.innerFrees(), at());
    }
  }
}
