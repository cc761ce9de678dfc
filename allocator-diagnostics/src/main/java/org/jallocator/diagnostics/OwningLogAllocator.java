package org.jallocator.diagnostics;

import java.nio.file.Path;
import org.jallocator.OwningAllocator;

/**
 * A {@link LogAllocator} over an allocator that recognises its own memory, and which so recognises
 * its own: what the inner owns.
 */
public sealed class OwningLogAllocator extends LogAllocator implements OwningAllocator
    permits ArenaLogAllocator {

  private final OwningAllocator owningInner;

  OwningLogAllocator(OwningAllocator inner, Path file) {
    super(inner, file);
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
