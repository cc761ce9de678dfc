package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** What freeAll keeps for the next round. */
final class ArenaRetainTest {

  private static final int CHUNK = 1024;

  private final RecordingAllocator inner = RecordingAllocator.create();

  private ArenaAllocator arena(long retain) {
    return ArenaAllocator.builder(inner).chunkSize(CHUNK).retain(retain).build();
  }

  private static void round(ArenaAllocator arena, int chunks) {
    for (int i = 0; i < chunks * 8; i++) {
      arena.malloc(CHUNK / 8);
    }
    arena.freeAll();
  }

  @Test
  void aRoundLikeTheLastTakesNothingFromTheInner() {
    ArenaAllocator arena = arena(1 << 20);
    round(arena, 10);
    long mallocs = inner.mallocs();
    for (int i = 0; i < 100; i++) {
      round(arena, 10);
    }
    assertEquals(mallocs, inner.mallocs());
    assertEquals(0, inner.frees());
  }

  @Test
  void roundsThatTakeTurnsAreServedWithFewInnerMallocs() {
    ArenaAllocator arena = arena(1 << 20);
    for (int i = 0; i < 100; i++) {
      round(arena, i % 2 == 0 ? 12 : 1);
    }
    assertTrue(inner.mallocs() < 12 + 50 * 4, () -> "inner mallocs=" + inner.mallocs());
  }

  @Test
  void chunksThatManyScopesOfARoundUseInTurnAreKeptOnce() {
    ArenaAllocator arena = arena(1 << 20);
    round(arena, 64);
    for (int i = 0; i < 30; i++) {
      for (int scope = 0; scope < 40; scope++) {
        long mark = arena.mark();
        for (int block = 0; block < 16; block++) {
          arena.malloc(CHUNK / 8);
        }
        arena.release(mark);
      }
      arena.freeAll();
    }
    assertTrue(inner.liveBytes() <= 5 * CHUNK, () -> "kept=" + inner.liveBytes());
  }

  @Test
  void chunksThatAreEmptiedByFreesDoNotCountAsNeeded() {
    ArenaAllocator arena = arena(1 << 20);
    round(arena, 64);
    for (int i = 0; i < 30; i++) {
      for (int turn = 0; turn < 40; turn++) {
        long[] blocks = new long[16];
        for (int block = 0; block < blocks.length; block++) {
          blocks[block] = arena.malloc(CHUNK / 8);
        }
        for (long block : blocks) {
          arena.free(block);
        }
      }
      arena.freeAll();
    }
    assertTrue(inner.liveBytes() <= 6 * CHUNK, () -> "kept=" + inner.liveBytes());
  }

  @Test
  void whatIsNotNeededAnyMoreGoesBackInAFewRounds() {
    ArenaAllocator arena = arena(1 << 20);
    round(arena, 64);
    assertEquals(64 * CHUNK, inner.liveBytes());
    for (int i = 0; i < 20; i++) {
      round(arena, 1);
    }
    assertEquals(CHUNK, inner.liveBytes());
  }

  @Test
  void noMoreIsKeptThanItMayRetain() {
    ArenaAllocator arena = arena(5 * CHUNK + CHUNK / 2);
    for (int i = 0; i < 3; i++) {
      round(arena, 20);
      assertEquals(5 * CHUNK, inner.liveBytes());
    }
  }

  @Test
  void oneChunkIsKeptInAnyCase() {
    ArenaAllocator arena = arena(0);
    for (int i = 0; i < 3; i++) {
      round(arena, 20);
      assertEquals(CHUNK, inner.liveBytes());
    }
    assertEquals(CHUNK, arena.trim());
    assertEquals(0, inner.liveBytes());
  }

  @Test
  void aScopeInALoopNeedsNoMoreThanItUsesAtOnce() {
    ArenaAllocator arena = arena(1 << 20);
    for (int i = 0; i < 50; i++) {
      long mark = arena.mark();
      for (int j = 0; j < 24; j++) {
        arena.malloc(CHUNK / 8);
      }
      arena.release(mark);
    }
    assertEquals(3, inner.mallocs());
    arena.freeAll();
    assertEquals(3 * CHUNK, inner.liveBytes());
  }

  @Test
  void trimSparesAChunkThatAMarkPointsInto() {
    ArenaAllocator arena = arena(1 << 20);
    round(arena, 4);
    arena.free(arena.malloc(16));
    long mark = arena.mark();
    assertEquals(3 * CHUNK, arena.trim());
    assertEquals(0, arena.trim());
    arena.release(mark);
    assertEquals(CHUNK, arena.trim());
    arena.close();
  }

  @Test
  void trimMakesAnOlderChunkCurrentAgain() {
    ArenaAllocator arena = arena(1 << 20);
    long kept = arena.malloc(CHUNK / 2);
    long other = arena.malloc(CHUNK / 2);
    long young = arena.malloc(CHUNK / 2);
    arena.free(young);
    assertEquals(CHUNK, arena.trim());
    arena.free(other);
    assertEquals(other, arena.malloc(CHUNK / 2));
    arena.free(other);
    arena.free(kept);
    arena.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aNegativeRetainIsRefused() {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> arena(-1));
    assertEquals("arena: retain is negative: retain=-1, limit=0", e.getMessage());
  }
}
