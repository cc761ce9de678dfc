package org.jallocator.bench;

import org.jallocator.Allocator;

/** Blocks held by their addresses, and freed without telling their sizes. */
final class AddressBlocks extends Blocks {

  private final Allocator allocator;
  private final long[] addresses;

  AddressBlocks(Allocator allocator, int slots) {
    super(slots);
    this.allocator = allocator;
    addresses = new long[slots];
  }

  @Override
  long pairs(int count, int size) {
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
  long take(int slot, int size) {
    long address = allocator.malloc(size);
    addresses[slot] = address;
    return address;
  }

  @Override
  long address(int slot) {
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
