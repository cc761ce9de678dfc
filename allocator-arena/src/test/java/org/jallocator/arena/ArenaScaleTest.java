package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Shapes that are slow by orders of magnitude where a step is not O(1). The limits are far above
 * what they take, and far below what they would take then.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class ArenaScaleTest {

  private final RecordingAllocator inner = RecordingAllocator.create();

  private static List<Long> shuffled(List<Long> addresses) {
    List<Long> shuffled = new ArrayList<>(addresses);
    Collections.shuffle(shuffled, new Random(1));
    return shuffled;
  }

  private static List<Long> mallocs(ArenaAllocator arena, int count, long size) {
    List<Long> addresses = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      addresses.add(arena.malloc(size));
    }
    return addresses;
  }

  @Test
  void aHundredThousandBlocksOfTheirOwnAreFreedInAnyOrder() {
    ArenaAllocator arena = ArenaAllocator.create(inner, 1024, 16);
    List<Long> addresses = mallocs(arena, 100_000, 1000);
    for (long address : shuffled(addresses)) {
      assertTrue(arena.owns(address + 999));
      assertFalse(arena.owns(address + (1L << 40)));
      arena.free(address);
    }
    mallocs(arena, 100_000, 1000);
    arena.freeAll();
    arena.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aWindowOfBlocksOfTheirOwnMovesOnWithoutGrowing() {
    ArenaAllocator arena = ArenaAllocator.create(inner, 1024, 16);
    List<Long> addresses = mallocs(arena, 1000, 1000);
    for (int i = 0; i < 200_000; i++) {
      arena.free(addresses.get(i % 1000));
      addresses.set(i % 1000, arena.malloc(600 + i % 1000));
      assertTrue(arena.blockEntries() < 4000);
    }
    arena.freeAll();
    assertEquals(0, inner.liveBytes());
  }

  @Test
  void tenThousandChunksAreFreedInAnyOrderAndFilledAgain() {
    ArenaAllocator arena = ArenaAllocator.create(inner, 1024, 16);
    for (int round = 0; round < 3; round++) {
      List<Long> addresses = mallocs(arena, 10_000 * 16, 64);
      shuffled(addresses).forEach(arena::free);
      assertEquals(10_000, inner.mallocs());
    }
    arena.freeAll();
    assertEquals(4 << 20, inner.liveBytes());
    assertEquals(4 << 20, arena.trim());
    assertEquals(0, inner.liveBytes());
  }

  @Test
  void aHundredThousandMarksAreReleasedOneByOneAndAllAtOnce() {
    ArenaAllocator arena = ArenaAllocator.create(inner, 64 * 1024, 16);
    for (int round = 0; round < 2; round++) {
      List<Long> marks = new ArrayList<>();
      for (int i = 0; i < 100_000; i++) {
        marks.add(arena.mark());
        arena.malloc(i % 5 == 0 ? 40_000 : 16);
      }
      for (int i = marks.size() - 1; i >= 50_000; i--) {
        arena.release(marks.get(i));
      }
      arena.release(marks.get(0));
      assertEquals(0, arena.stats().liveBlocks());
    }
  }

  @Test
  void blocksOfAHugeChunkAreFreedInAnyOrder() {
    ArenaAllocator arena = ArenaAllocator.create(inner, 16L << 20, 16);
    List<Long> addresses = mallocs(arena, 1_000_000, 16);
    addresses.forEach(arena::free);
    assertEquals(addresses.get(0), arena.malloc(16));
    addresses = mallocs(arena, 1_000_000, 16);
    shuffled(addresses).forEach(arena::free);
    addresses = mallocs(arena, 1_000_000, 16);
    Collections.reverse(addresses);
    addresses.forEach(arena::free);
    assertEquals(16L << 20, inner.liveBytes());
  }

  @Test
  void aShortBlockAboveAVeryLongOneIsTakenAndFreedInNoTime() {
    ArenaAllocator arena = ArenaAllocator.create(inner, 1L << 28, 1);
    arena.malloc(1L << 27);
    for (int i = 0; i < 1_000_000; i++) {
      long address = arena.malloc(8);
      long second = arena.malloc(8);
      arena.free(second);
      arena.free(address);
    }
    assertEquals(1, arena.stats().liveBlocks());
  }
}
