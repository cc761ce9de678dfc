package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jspecify.annotations.Nullable;

/**
 * Calls an allocator ever deeper in the stack, until that overflows, again and again. A malloc that
 * overflowed took no block; the block of a free that overflowed is in doubt, and is left alone.
 *
 * <p>Between what the allocator returns and what is noted here there is no call, so that no block
 * is lost here. Nor is there a switch, whose class would be loaded too late.
 *
 * <p>Confined to its owner thread, whose stack should be small.
 */
public final class DeepCalls {

  private static final int MAX_HELD = 1 << 14;
  private static final int MAX_PADDING = 37;
  private static final int FREE_EVERYTHING_EVERY = 11;

  /** What is called at each depth. */
  private enum Kind {
    MALLOC,
    FREE,
    PAIR,
    LARGE_PAIR,
    SCOPE,
    FREE_ALL
  }

  private final Allocator allocator;
  private final @Nullable Arena arena;
  private final long small;
  private final long large;
  private final long[] held = new long[MAX_HELD];
  private int count;
  private int doubtful;
  private int overflows;
  private boolean freeing;

  /**
   * Calls an allocator that has no live blocks.
   *
   * @param allocator stands on a {@link ShallowInner}, alone or with others
   */
  public DeepCalls(Allocator allocator) {
    this.allocator = allocator;
    this.arena = allocator instanceof Arena scoped ? scoped : null;
    this.small = Math.min(allocator.maxSize(), 48);
    this.large = Math.min(allocator.maxSize(), 40_000);
  }

  /** {@return how many blocks are in doubt} */
  public int doubtful() {
    return doubtful;
  }

  /** {@return how many times the stack has overflowed} */
  public int overflows() {
    return overflows;
  }

  /**
   * Overflows so many times, and frees what is held.
   *
   * @param rounds how many times
   * @throws AssertionError if the allocator lost a block, or handed one out twice
   */
  public void run(int rounds) {
    warmUp();
    Kind[] kinds = Kind.values();
    int kindsOfAll = arena == null ? kinds.length - 2 : kinds.length;
    for (int round = 0; round < rounds; round++) {
      Kind kind = kinds[round % kindsOfAll];
      try {
        pad(round % MAX_PADDING, kind);
      } catch (StackOverflowError e) {
        overflows++;
        doubtful += freeing ? 1 : 0;
        freeing = false;
      }
      if (kind == Kind.SCOPE || kind == Kind.FREE_ALL) {
        freeAll();
      }
      checkAfter("round " + round + " " + kind);
      if (round % FREE_EVERYTHING_EVERY == 0) {
        freeHeld();
      }
    }
    freeHeld();
    checkAfter("the last round");
    assertTrue(overflows >= rounds / 2, () -> "overflows=" + overflows);
  }

  /** Loads all classes that a call may need, while there is room for that. */
  private void warmUp() {
    for (int round = 0; round < 3; round++) {
      while (count < 2000) {
        held[count++] = allocator.malloc(count % 16 == 0 ? large : small);
      }
      freeHeld();
      long address = allocator.tryMalloc(small);
      allocator.free(address, small);
      freeAll();
    }
  }

  private void pad(int rest, Kind kind) {
    if (rest > 0) {
      pad(rest - 1, kind);
    } else {
      deepen(kind);
    }
  }

  private void deepen(Kind kind) {
    if (kind == Kind.MALLOC && count < MAX_HELD) {
      long address = allocator.malloc(small);
      held[count++] = address;
    } else if (kind == Kind.FREE && count > 0) {
      long address = held[--count];
      freeing = true;
      allocator.free(address);
      freeing = false;
    } else if (kind == Kind.PAIR || kind == Kind.LARGE_PAIR) {
      long size = kind == Kind.PAIR ? small : large;
      long address = allocator.tryMalloc(size);
      freeing = true;
      allocator.free(address, size);
      freeing = false;
    } else if (kind == Kind.SCOPE && arena != null) {
      long mark = arena.mark();
      long address = allocator.malloc(small);
      allocator.malloc(large);
      allocator.free(address);
      arena.release(mark);
    } else if (kind == Kind.FREE_ALL && arena != null) {
      allocator.malloc(small);
      allocator.malloc(large);
      allocator.malloc(large);
      arena.freeAll();
    } else if (kind == Kind.MALLOC) {
      return;
    }
    deepen(kind);
  }

  private void freeAll() {
    if (arena != null) {
      arena.freeAll();
      count = 0;
      doubtful = 0;
    }
  }

  private void freeHeld() {
    while (count > 0) {
      allocator.free(held[--count]);
    }
  }

  /** Checks that the allocator works, that its figures are right, and that no blocks overlap. */
  private void checkAfter(String when) {
    long address = allocator.malloc(small);
    allocator.free(address, small);
    if (allocator.stats().isTracked()) {
      long live = allocator.stats().liveBlocks();
      assertTrue(
          live >= count && live <= count + doubtful,
          () -> "liveBlocks=" + live + " of " + count + ", doubtful=" + doubtful + ", " + when);
    }
    long[] sorted = Arrays.copyOf(held, count);
    Arrays.sort(sorted);
    for (int i = 1; i < sorted.length; i++) {
      assertTrue(sorted[i] - sorted[i - 1] >= small, () -> "overlap after " + when);
    }
    assertEquals(false, freeing);
  }
}
