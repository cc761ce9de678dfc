package org.jallocator.testkit;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.Allocator;

/**
 * Invents addresses, upwards from a base, each block behind the one before. All arithmetic is
 * unsigned, and no block holds the last byte of the address space.
 */
final class AddressSpace {

  /** A range that was handed out and came back. */
  private record Range(long address, long size) {}

  private final long alignment;
  private final boolean exactlyAligned;
  private final long gap;
  private final boolean reusesAddresses;
  private final List<Range> freed = new ArrayList<>();
  private long next;

  AddressSpace(
      long base, long alignment, boolean exactlyAligned, long gap, boolean reusesAddresses) {
    this.next = base;
    this.alignment = alignment;
    this.exactlyAligned = exactlyAligned;
    this.gap = gap;
    this.reusesAddresses = reusesAddresses;
  }

  /** {@return where a new block lies, or NULL if the rest of the address space is too small} */
  long place(long size) {
    for (int i = freed.size() - 1; reusesAddresses && i >= 0; i--) {
      if (freed.get(i).size == size) {
        return freed.remove(i).address;
      }
    }
    long address = (next + alignment - 1) & -alignment;
    if (exactlyAligned && (address & alignment) == 0) {
      address += alignment;
    }
    long end = address + size;
    if (Long.compareUnsigned(address, next) < 0 || Long.compareUnsigned(end, address) < 0) {
      return Allocator.NULL;
    }
    next = Long.compareUnsigned(end + gap, end) < 0 ? -1 : end + gap;
    return address;
  }

  void giveBack(long address, long size) {
    freed.add(new Range(address, size));
  }

  /** {@return whether a block at an address came back and was not handed out again} */
  boolean isFreed(long address) {
    return freed.stream().anyMatch(range -> range.address == address);
  }
}
