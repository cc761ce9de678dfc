package org.jallocator.diagnostics;

import org.jallocator.OwningAllocator;

/**
 * A {@link FailingAllocator} over an allocator that recognises its own memory, and which so
 * recognises its own: what the inner owns.
 */
public sealed class OwningFailingAllocator extends FailingAllocator implements OwningAllocator
    permits ArenaFailingAllocator {

  private final OwningAllocator owningInner;

  OwningFailingAllocator(OwningAllocator inner, Builder builder) {
    super(inner, builder);
    owningInner = inner;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. The inner's cost.
   */
  @Override
  public final boolean owns(long address) {
    requireUsable();
    return owningInner.owns(address);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. The cost of free.
   */
  @Override
  public final boolean tryFree(long address) {
    return tryReleaseOrPass(owningInner, address, 0, false);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. The cost of free.
   */
  @Override
  public final boolean tryFree(long address, long size) {
    return tryReleaseOrPass(owningInner, address, size, true);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(live blocks), and
   * they are sorted: the oldest come first.
   */
  @Override
  public final long[] liveAddresses(int limit) {
    return addresses(limit);
  }
}
