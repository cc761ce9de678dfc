package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jallocator.testkit.EndOfStack;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A stack overflow in a free, here or in the inner, leaves the block live or frees it in silence.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@Tag("once")
final class ArenaStackTest {

  private static final int ROUNDS = 8;
  private static final int RELEASES = 2;

  /** A ledger that says that its stack overflows come first. */
  private static final class CheckedInner implements Allocator, StackChecked {
    private final RecordingAllocator ledger = RecordingAllocator.create();
    private boolean overflowsNext;

    @Override
    public boolean isStackChecked() {
      return true;
    }

    @Override
    public long malloc(long size) {
      return ledger.malloc(size);
    }

    @Override
    public long tryMalloc(long size) {
      return ledger.tryMalloc(size);
    }

    @Override
    public void free(long address) {
      StackRoom.requireForStack();
      if (overflowsNext) {
        overflowsNext = false;
        throw new StackOverflowError("planned");
      }
      ledger.free(address);
    }

    @Override
    public void free(long address, long size) {
      free(address);
    }

    @Override
    public long maxSize() {
      return ledger.maxSize();
    }

    @Override
    public long alignment() {
      return ledger.alignment();
    }

    @Override
    public boolean isShared() {
      return ledger.isShared();
    }

    @Override
    public AllocatorStats stats() {
      return ledger.stats();
    }

    @Override
    public void close() {
      ledger.close();
    }
  }

  private final CheckedInner inner = new CheckedInner();
  private final RecordingAllocator ledger = inner.ledger;

  private void overflowOnce(Runnable call) {
    inner.overflowsNext = true;
    assertThrows(StackOverflowError.class, call::run);
  }

  @Test
  void anArenaIsStackCheckedIffItsInnerIs() {
    assertTrue(StackChecked.is(ArenaAllocator.create(inner)));
    assertFalse(StackChecked.is(ArenaAllocator.create(ledger)));
  }

  @Test
  void aLargeBlockStaysLiveIfACheckedInnerOverflows() {
    ArenaAllocator arena = ArenaAllocator.create(inner, 1024, 16);
    long address = arena.malloc(5000);
    long mark = arena.mark();
    arena.malloc(6000);
    overflowOnce(() -> arena.free(address));
    overflowOnce(() -> arena.release(mark));
    overflowOnce(arena::freeAll);
    assertEquals(1, arena.stats().liveBlocks());
    assertEquals(ledger.liveBytes(), arena.stats().reservedBytes());
    arena.freeAll();
    assertEquals(0, ledger.liveBytes());
    arena.close();
  }

  @Test
  void aChunkStaysIfACheckedInnerOverflows() {
    ArenaAllocator arena = ArenaAllocator.create(inner, 1024, 16);
    arena.free(arena.malloc(64));
    overflowOnce(arena::trim);
    assertEquals(1024, arena.stats().reservedBytes());
    overflowOnce(arena::close);
    arena.close();
    assertEquals(0, ledger.liveBytes());
  }

  @Test
  void aFreeThatOverflowsInALayerBelowFreesNothing() {
    EndOfStack.onAShortStack(
        () -> {
          Allocator below = ArenaAllocator.create(inner, 1024, 16);
          ArenaAllocator arena = ArenaAllocator.create(below, 1024, 16);
          long[] block = new long[1];
          EndOfStack end = new EndOfStack(() -> arena.free(block[0]));
          for (int round = 0; round < ROUNDS; round++) {
            block[0] = arena.malloc(5000);
            end.climb(round);
            assertEquals(0, arena.stats().liveBlocks());
            assertEquals(0, below.stats().liveBlocks());
            assertEquals(0, ledger.liveBytes());
          }
          assertTrue(end.overflows() > 0, "overflows=" + end.overflows());
        });
  }

  @Test
  void aReleaseThatOverflowsInALayerBelowLosesNothing() {
    EndOfStack.onAShortStack(
        () -> {
          int overflows = 0;
          for (int round = 0; round < RELEASES; round++) {
            Allocator below = ArenaAllocator.create(inner, 1 << 14, 16);
            Allocator middle = ArenaAllocator.create(below, 1 << 13, 16);
            ArenaAllocator arena = ArenaAllocator.create(middle, 1024, 16);
            arena.malloc(5000);
            for (int i = 0; i < 20; i++) {
              arena.malloc(64);
            }
            EndOfStack end =
                new EndOfStack(
                    () -> {
                      try {
                        arena.closeAndRelease();
                      } catch (LeakException e) {
                        assertEquals(0, arena.stats().reservedBytes());
                      }
                    });
            end.climb(round);
            overflows += end.overflows();
            assertEquals(0, arena.stats().reservedBytes());
            assertEquals(0, middle.stats().liveBlocks());
            middle.close();
            below.close();
            ledger.assertEverythingReturned();
          }
          assertTrue(overflows > 0, "overflows=" + overflows);
        });
  }

  @Test
  void aFreeOfTheYoungestBlockThatOverflowsFreesNothing() {
    EndOfStack.onAShortStack(
        () -> {
          ArenaAllocator arena = ArenaAllocator.create(inner, 1 << 20, 16);
          long[] block = new long[1];
          EndOfStack end = new EndOfStack(() -> arena.free(block[0]));
          for (int round = 0; round < ROUNDS; round++) {
            arena.malloc(16);
            long freed = arena.malloc(16);
            block[0] = arena.malloc(16);
            arena.free(freed);
            end.climb(round);
            assertEquals(round + 1, arena.stats().liveBlocks());
          }
          assertTrue(end.overflows() > 0, "overflows=" + end.overflows());
        });
  }
}
