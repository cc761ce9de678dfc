package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
 * Random programs against a model that has the kept blocks in the order in which they were freed,
 * and so foretells which address each malloc returns and which block goes back when.
 */
@Tag("once")
final class LargeBlockModelTest {

  private static final int STEPS = 3000;

  @ParameterizedTest
  @CsvSource({
    // retain, alignment, innerAlignment, largestSize, shared
    "0, 16, 16, 5000, false",
    "1000, 16, 16, 300, false",
    "10000, 16, 16, 5000, true",
    "100000, 64, 8, 5000, false",
    "100000, 4096, 16, 20000, true",
    "20000, 1, 1, 5000, false",
    "67108864, 16, 16, 20000000, false",
    "67108864, 16, 16, 100000000, true",
    "1099511627776, 16, 16, 1099511627776, false",
  })
  void agreesWithTheModelAfterEachStep(
      long retain, long alignment, long innerAlignment, long largest, boolean shared) {
    for (long seed = 1; seed <= 4; seed++) {
      RecordingAllocator inner =
          RecordingAllocator.builder()
              .alignment(innerAlignment)
              .reusesAddresses(seed % 2 == 0)
              .baseAddress(seed % 2 == 0 ? Long.MIN_VALUE - 4096 : 4096)
              .build();
      LargeBlockAllocator large =
          LargeBlockAllocator.builder(inner)
              .retain(retain)
              .alignment(alignment)
              .shared(shared)
              .stripes(3)
              .build();
      new Program(seed, inner, large, retain, Math.max(0, alignment - innerAlignment), largest)
          .run();
      inner.assertEverythingReturned();
    }
  }

  private record Block(long address, long size, long length, long bytes) {}

  private static final class Program {
    private final Random random;
    private final RecordingAllocator inner;
    private final LargeBlockAllocator large;
    private final long retain;
    private final long padding;
    private final long largest;
    private final String label;

    private final List<Block> live = new ArrayList<>();

    /** Oldest first. */
    private final LinkedHashMap<Long, Block> kept = new LinkedHashMap<>();

    private long mallocs;
    private long frees;
    private long peak;
    private int step;

    Program(
        long seed,
        RecordingAllocator inner,
        LargeBlockAllocator large,
        long retain,
        long padding,
        long largest) {
      this.random = new Random(seed);
      this.inner = inner;
      this.large = large;
      this.retain = retain;
      this.padding = padding;
      this.largest = largest;
      this.label = large + ", seed=" + seed + ", step=";
    }

    String at() {
      return label + step;
    }

    void run() {
      for (step = 1; step <= STEPS; step++) {
        int choice = random.nextInt(1000);
        boolean growing = step / 200 % 2 == 0;
        if (choice < (growing ? 500 : 350)) {
          malloc();
        } else if (choice < 850) {
          free();
        } else if (choice < 985) {
          freeWrongly();
        } else if (choice < 990) {
          trim();
        } else {
          mallocWithoutMemory();
        }
        check();
      }
      while (!live.isEmpty()) {
        free();
      }
      large.close();
    }

    private long size() {
      long limit =
          switch (random.nextInt(4)) {
            case 0 -> 100;
            case 1 -> largest;
            default -> Math.max(1, largest / (1 + random.nextInt(100)));
          };
      return 1 + random.nextLong(Math.min(limit, largest));
    }

    /** Four steps to a doubling, counted by hand. */
    private static long length(long size) {
      long power = 64;
      while (2 * power < size) {
        power *= 2;
      }
      long length = power;
      while (length < size) {
        length += power / 4;
      }
      return length;
    }

    private void malloc() {
      long size = size();
      long length = length(size);
      Block expected = null;
      for (Block block : kept.values()) {
        expected = block.length == length ? block : expected;
      }
      long address = random.nextBoolean() ? large.malloc(size) : large.tryMalloc(size);
      assertEquals(length, large.goodSize(size), at());
      assertEquals(0, address & (large.alignment() - 1), at());
      assertTrue(inner.holds(address, length), at());
      if (expected != null) {
        assertEquals(expected.address, address, at());
        kept.remove(address);
      } else {
        mallocs++;
      }
      live.add(new Block(address, size, length, length + padding));
    }

    private void mallocWithoutMemory() {
      long size = size();
      boolean reusable = kept.values().stream().anyMatch(b -> b.length == length(size));
      inner.failFrom(
          1, random.nextBoolean() ? Failure.RETURNS_NULL : Failure.THROWS_OUT_OF_MEMORY_ERROR);
      long address = large.tryMalloc(size);
      inner.stopFailing();
      assertEquals(reusable, address != Allocator.NULL, at());
      if (reusable) {
        kept.remove(address);
        live.add(new Block(address, size, length(size), length(size) + padding));
      } else {
        frees += kept.size();
        kept.clear();
      }
    }

    private void free() {
      if (live.isEmpty()) {
        return;
      }
      Block block = live.remove(random.nextInt(live.size()));
      switch (random.nextInt(4)) {
        case 0 -> large.free(block.address);
        case 1 -> large.free(block.address, block.size);
        case 2 -> assertTrue(large.tryFree(block.address), at());
        default -> assertTrue(large.tryFree(block.address, block.size), at());
      }
      if (block.bytes > retain) {
        frees++;
        return;
      }
      while (keptBytes() > retain - block.bytes) {
        kept.remove(kept.keySet().iterator().next());
        frees++;
      }
      kept.put(block.address, block);
    }

    private long keptBytes() {
      return kept.values().stream().mapToLong(Block::bytes).sum();
    }

    private void trim() {
      long bytes = keptBytes();
      assertEquals(bytes, large.trim(), at());
      frees += kept.size();
      kept.clear();
    }

    private void freeWrongly() {
      List<Long> candidates = new ArrayList<>(List.of(1L, -1L, random.nextLong()));
      for (Map.Entry<Long, Long> held : inner.liveBlocks().entrySet()) {
        candidates.add(held.getKey());
        candidates.add(held.getKey() - 1);
        candidates.add(held.getKey() + random.nextLong(held.getValue()));
        candidates.add(held.getKey() + held.getValue());
        if (candidates.size() > 40) {
          break;
        }
      }
      candidates.addAll(kept.keySet());
      for (long address : candidates) {
        if (live.stream().noneMatch(block -> block.address == address)) {
          freeWrongly(address);
        }
      }
    }

    private void freeWrongly(long address) {
      boolean ours = inner.holds(address, 1);
      Reason reason =
          kept.containsKey(address)
              ? Reason.DOUBLE_FREE
              : ours ? Reason.NOT_A_BLOCK : Reason.FOREIGN;
      assertEquals(ours, large.owns(address), at());
      InvalidFreeException e =
          assertThrows(InvalidFreeException.class, () -> large.free(address), at());
      assertEquals(reason, e.reason(), at());
      if (!ours) {
        assertFalse(large.tryFree(address, 5), at());
      }
    }

    private void check() {
      AllocatorStats stats = large.stats();
      long lengths = live.stream().mapToLong(Block::length).sum();
      long reserved = live.stream().mapToLong(Block::bytes).sum() + keptBytes();
      peak = Math.max(peak, inner.peakBytes());
      assertTrue(keptBytes() <= retain, at());
      assertEquals(reserved, inner.liveBytes(), at());
      assertEquals(
          new AllocatorStats(live.size(), lengths, reserved, peak, mallocs, frees), stats, at());
    }
  }
}
