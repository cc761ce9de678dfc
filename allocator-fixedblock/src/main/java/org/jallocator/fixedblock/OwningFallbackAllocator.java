package org.jallocator.fixedblock;

import org.jallocator.OwningAllocator;

/**
 * A {@link FallbackAllocator} of two parts that both know their memory, and which so knows its own.
 * It can be the primary of another.
 */
public final class OwningFallbackAllocator extends FallbackAllocator implements OwningAllocator {

  private final OwningAllocator primary;
  private final OwningAllocator other;

  OwningFallbackAllocator(OwningAllocator primary, OwningAllocator other) {
    super(primary, other);
    this.primary = primary;
    this.other = other;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its parts are. The cost is that of asking both.
   */
  @Override
  public boolean owns(long address) {
    requireUsable();
    return primary.owns(address) || other.owns(address);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its parts are. The cost is that of asking both.
   */
  @Override
  public boolean tryFree(long address) {
    requireUsable();
    if (primary.tryFree(address)) {
      return true;
    }
    if (!other.tryFree(address)) {
      return false;
    }
    countOtherFree();
    return true;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its parts are. The cost is that of asking both.
   */
  @Override
  public boolean tryFree(long address, long size) {
    requireUsable();
    if (primary.tryFree(address, size)) {
      return true;
    }
    if (!other.tryFree(address, size)) {
      return false;
    }
    countOtherFree();
    return true;
  }
}
