package org.jallocator.arrow;

import org.apache.arrow.memory.ForeignAllocation;
import org.jallocator.Allocator;

/** A block that its owner hands to Arrow; it is freed when Arrow's last reference is released. */
final class LentBlock extends ForeignAllocation {

  private final Allocator allocator;
  private final long address;

  /** Whether the block is Arrow's. Until then it is the caller's, also after an error. */
  private boolean taken;

  LentBlock(Allocator allocator, long address, long size) {
    super(size, address);
    this.allocator = allocator;
    this.address = address;
  }

  void taken() {
    taken = true;
  }

  @Override
  protected void release0() {
    if (taken) {
      allocator.free(address);
    }
  }
}
