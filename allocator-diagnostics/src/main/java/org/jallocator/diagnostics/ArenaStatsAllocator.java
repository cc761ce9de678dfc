package org.jallocator.diagnostics;

import org.jallocator.Arena;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;

/**
 * A {@link StatsAllocator} over an arena, and so an arena itself: its books follow the inner's
 * scopes. Whatever the inner throws when a scope ends, the blocks are not live any more, but after
 * a stack overflow in an inner that is {@link StackChecked}: that has come before the first change.
 */
public final class ArenaStatsAllocator extends OwningStatsAllocator implements Arena {

  private final Arena arena;
  private final Marks marks = new Marks();

  ArenaStatsAllocator(Arena inner) {
    super(inner);
    arena = inner;
    tallies.keepSerials();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, as its inner is. O(live blocks) beside the inner's cost.
   */
  @Override
  public void freeAll() {
    StackRoom.requireForInner();
    requireUsable();
    giveBackStranded();
    boolean ended = true;
    try {
      arena.freeAll();
    } catch (StackOverflowError e) {
      ended = !StackChecked.is(arena);
      throw e;
    } finally {
      if (ended) {
        marks.clear();
        tallies.dropSince(0);
      }
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, as its inner is. The inner's cost.
   */
  @Override
  public long mark() {
    StackRoom.requireForInner();
    requireUsable();
    marks.ensureRoom();
    long mark = arena.mark();
    marks.push(mark, tallies.lastSerial());
    return mark;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, as its inner is. O(live blocks) beside the inner's cost.
   */
  @Override
  public void release(long mark) {
    StackRoom.requireForInner();
    requireUsable();
    giveBackStranded();
    long serial = marks.serialOf(mark);
    boolean ended = serial != Marks.NONE;
    try {
      arena.release(mark);
    } catch (StackOverflowError e) {
      ended &= !StackChecked.is(arena);
      throw e;
    } finally {
      if (ended) {
        marks.pop(mark);
        tallies.dropSince(serial);
      }
    }
  }
}
