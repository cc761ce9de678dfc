package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** Where a chunk, a scope or a word of bits begins and ends. */
final class ArenaEdgesTest {

  private static final long WORD_BYTES = 64 * 16;

  @Test
  void theFirstBlockOfAScopeMakesRoomWhenItIsFreed() {
    ArenaAllocator arena =
        ArenaAllocator.builder(RecordingAllocator.create()).chunkSize(1 << 12).build();
    long kept = arena.malloc(16);
    long mark = arena.mark();
    long first = arena.malloc(64);
    arena.free(first);
    assertEquals(first, arena.malloc(64));
    arena.release(mark);
    arena.free(kept);
    arena.close();
  }

  @Test
  void noAddressOfAChunkIsABlockButWhereOneStarts() {
    for (long slack = 0; slack <= 64; slack += 8) {
      RecordingAllocator inner = RecordingAllocator.builder().alignment(8).build();
      ArenaAllocator arena =
          ArenaAllocator.builder(inner).chunkSize(2 * WORD_BYTES + slack).alignment(16).build();
      long block = arena.malloc(WORD_BYTES - 16);
      for (Map.Entry<Long, Long> chunk : inner.liveBlocks().entrySet()) {
        for (long offset = 0; offset < chunk.getValue(); offset++) {
          long address = chunk.getKey() + offset;
          if (address != block) {
            InvalidFreeException refusal =
                assertThrows(InvalidFreeException.class, () -> arena.free(address));
            assertEquals(Reason.NOT_A_BLOCK, refusal.reason());
          }
        }
      }
      arena.free(block);
      arena.close();
    }
  }
}
