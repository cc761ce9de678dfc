package org.jallocator.bench.contenders;

import org.jallocator.Allocator;

/** Blocks held by their addresses, and freed without telling their sizes. */
public final class AddressBlocks extends Blocks {

  private final Allocator allocator;
  private final long[] addresses;

  public AddressBlocks(Allocator allocator, int slots) {
    super(slots);
    this.allocator = allocator;
    addresses = new long[slots];
  }

  @Override
  public long pairs(int count, int size) {
    Allocator allocator = this.allocator;
    long mixed = 0;
    for (int i = 0; i < count; i++) {
      long address = allocator.malloc(size);
      mixed ^= address;
      allocator.free(address);
    }
    return mixed;
  }

  @Override
  public long nestedPairs(int count, int size) {
    Allocator allocator = this.allocator;
    long mixed = 0;
    for (int i = 0; i < count; i++) {
      long outer = allocator.malloc(size);
      long inner = allocator.malloc(size);
      mixed ^= outer - inner;
      allocator.free(inner);
      allocator.free(outer);
    }
    return mixed;
  }

  @Override
  long take(int slot, int size) {
    long address = allocator.malloc(size);
    addresses[slot] = address;
    return address;
  }

  @Override
  public long address(int slot) {
    return addresses[slot];
  }

  @Override
  void giveBack(int slot) {
    allocator.free(addresses[slot]);
  }

  @Override
  void put(int slot, Blocks other, int otherSlot) {
    ((AddressBlocks) other).addresses[otherSlot] = addresses[slot];
  }
}
