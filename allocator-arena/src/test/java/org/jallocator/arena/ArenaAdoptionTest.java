package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the first thread does that frees after the owner thread has ended: it is the owner then. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ArenaAdoptionTest {

  private static final int CHUNK = 1024;
  private static final long SIZE = 64;
  private static final int BLOCKS = (int) (CHUNK / SIZE);

  /** How the block is freed that makes a thread the owner. */
  private enum Free {
    FREE {
      @Override
      void run(ArenaAllocator arena, long address) {
        arena.free(address);
      }
    },
    FREE_SIZED {
      @Override
      void run(ArenaAllocator arena, long address) {
        arena.free(address, SIZE);
      }
    },
    TRY_FREE {
      @Override
      void run(ArenaAllocator arena, long address) {
        assertTrue(arena.tryFree(address));
      }
    },
    TRY_FREE_SIZED {
      @Override
      void run(ArenaAllocator arena, long address) {
        assertTrue(arena.tryFree(address, SIZE));
      }
    };

    abstract void run(ArenaAllocator arena, long address);
  }

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final List<Long> blocks = new ArrayList<>();

  private ArenaAllocator ownedByTheDead(int mallocs) throws InterruptedException {
    return ownedByTheDead(mallocs, 0);
  }

  /** Makes an arena on a thread that then ends; it frees its first blocks. */
  private ArenaAllocator ownedByTheDead(int mallocs, int frees) throws InterruptedException {
    ArenaAllocator[] made = new ArenaAllocator[1];
    Thread owner =
        new Thread(
            () -> {
              made[0] = ArenaAllocator.create(inner, CHUNK, 16);
              mallocs(made[0], mallocs);
              for (int i = 0; i < frees; i++) {
                made[0].free(blocks.remove(0));
              }
            });
    owner.start();
    owner.join();
    return made[0];
  }

  private void mallocs(ArenaAllocator arena, int count) {
    for (int i = 0; i < count; i++) {
      long address = arena.tryMalloc(SIZE);
      assertTrue(inner.owns(address), () -> "the inner does not hold " + address);
      blocks.add(address);
    }
  }

  private void freeAndClose(ArenaAllocator arena) {
    blocks.forEach(arena::free);
    assertEquals(0, arena.stats().liveBlocks());
    arena.close();
    inner.assertEverythingReturned();
  }

  @ParameterizedTest
  @EnumSource
  void mallocsGoOnAfterTheLastBlockOfTheOnlyChunk(Free free) throws InterruptedException {
    ArenaAllocator arena = ownedByTheDead(1);
    free.run(arena, blocks.remove(0));
    mallocs(arena, 3 * BLOCKS);
    assertEquals(3, inner.mallocs());
    freeAndClose(arena);
  }

  @ParameterizedTest
  @EnumSource
  void trimGivesBackNoChunkThatServesMallocs(Free free) throws InterruptedException {
    ArenaAllocator arena = ownedByTheDead(BLOCKS + 1, BLOCKS);
    free.run(arena, blocks.remove(0));
    assertEquals(2 * CHUNK, arena.trim());
    inner.assertEverythingReturned();
    mallocs(arena, BLOCKS + 1);
    freeAndClose(arena);
  }

  @ParameterizedTest
  @EnumSource
  void releaseEndsWhatWasHandedOutSinceTheMark(Free free) throws InterruptedException {
    ArenaAllocator arena = ownedByTheDead(BLOCKS + 1);
    free.run(arena, blocks.remove(BLOCKS));
    long mark = arena.mark();
    for (int i = 0; i < 3 * BLOCKS; i++) {
      assertTrue(inner.owns(arena.tryMalloc(SIZE)));
    }
    arena.release(mark);
    assertEquals(BLOCKS, arena.stats().liveBlocks());
    mallocs(arena, 2 * BLOCKS);
    freeAndClose(arena);
  }

  @ParameterizedTest
  @EnumSource
  void aSecondFreeIsRefused(Free free) throws InterruptedException {
    ArenaAllocator arena = ownedByTheDead(BLOCKS + 1);
    long address = blocks.remove(BLOCKS);
    free.run(arena, address);
    assertEquals(
        Reason.DOUBLE_FREE,
        assertThrows(InvalidFreeException.class, () -> arena.free(address)).reason());
    freeAndClose(arena);
  }

  @ParameterizedTest
  @EnumSource
  void theRoomOfTheYoungestBlockIsThereAgain(Free free) throws InterruptedException {
    ArenaAllocator arena = ownedByTheDead(3);
    long youngest = blocks.remove(2);
    free.run(arena, youngest);
    mallocs(arena, 1);
    assertEquals(youngest, blocks.get(2));
    freeAndClose(arena);
  }
}
