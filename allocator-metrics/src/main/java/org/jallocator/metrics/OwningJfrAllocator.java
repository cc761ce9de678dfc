package org.jallocator.metrics;

import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;

/** A {@link JfrAllocator} over an owning inner, which makes it owning too. */
final class OwningJfrAllocator extends JfrAllocator implements OwningAllocator {

  private final OwningAllocator inner;

  OwningJfrAllocator(OwningAllocator inner, long sample) {
    super(inner, sample);
    this.inner = inner;
  }

  @Override
  public boolean owns(long address) {
    requireOpen();
    return inner.owns(address);
  }

  @Override
  public long[] liveAddresses(int limit) {
    return inner.liveAddresses(limit);
  }

  @Override
  long[] liveBlocks() {
    return inner.liveAddresses(LeakException.MAX_ADDRESSES);
  }

  @Override
  public boolean tryFree(long address) {
    requireFreeable();
    if (!inner.owns(address)) {
      return false;
    }
    recordFree(address);
    return inner.tryFree(address);
  }

  @Override
  public boolean tryFree(long address, long size) {
    requireFreeable();
    if (!inner.owns(address)) {
      return false;
    }
    recordFree(address);
    return inner.tryFree(address, size);
  }
}
