package org.jallocator.diagnostics;

import org.jallocator.Arena;

/**
 * A {@link FailingAllocator} over an arena, and so an arena itself: its books follow the inner's
 * scopes.
 */
public final class ArenaFailingAllocator extends OwningFailingAllocator implements Arena {

  private final Scopes<Block> scopes;

  ArenaFailingAllocator(Arena inner, Builder builder) {
    super(inner, builder);
    scopes = new Scopes<>(this, inner);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(live blocks)
   * beside the inner's cost.
   */
  @Override
  public void freeAll() {
    scopes.freeAll();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. The inner's cost.
   */
  @Override
  public long mark() {
    return scopes.mark();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(live blocks)
   * beside the inner's cost.
   */
  @Override
  public void release(long mark) {
    scopes.release(mark);
  }
}
