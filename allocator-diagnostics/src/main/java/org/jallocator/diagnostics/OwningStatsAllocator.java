package org.jallocator.diagnostics;

import org.jallocator.OwningAllocator;

/**
 * A {@link StatsAllocator} over an allocator that recognises its own memory, and which so
 * recognises its own: what the inner owns.
 */
public sealed class OwningStatsAllocator extends StatsAllocator implements OwningAllocator
    permits ArenaStatsAllocator {

  private final OwningAllocator owningInner;

  OwningStatsAllocator(OwningAllocator inner) {
    super(inner);
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
    return freeHot(address, 0) || tryFreeSlow(address);
  }

  private boolean tryFreeSlow(long address) {
    requireOwner();
    return address != NULL && (release(address, 0, false) || owningInner.tryFree(address));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. The cost of free.
   */
  @Override
  public final boolean tryFree(long address, long size) {
    return (size > 0 && freeHot(address, size)) || tryFreeSlow(address, size);
  }

  private boolean tryFreeSlow(long address, long size) {
    requireOwner();
    return address != NULL && (release(address, size, true) || owningInner.tryFree(address, size));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(live blocks).
   */
  @Override
  public final long[] liveAddresses(int limit) {
    requireOwner();
    return tallies.addresses(limit);
  }
}
