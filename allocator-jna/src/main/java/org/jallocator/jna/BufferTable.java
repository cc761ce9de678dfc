package org.jallocator.jna;

import java.nio.ByteBuffer;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * Which buffers are out, each with the address of its block. A buffer is found by identity: a slice
 * or a duplicate is another object, and so is a later buffer at the same address.
 *
 * <p>An open-addressed table with linear probing, as {@link BlockSizes} is, without an object an
 * entry. Invariants: at most half of the places are used; between an entry and the place that its
 * identity hashes to there is no empty place; {@code addresses[i]} is NULL iff {@code buffers[i]}
 * is null. Not thread-safe.
 */
final class BufferTable {

  private static final int MIN_CAPACITY = 16;

  private @Nullable ByteBuffer[] buffers = new @Nullable ByteBuffer[MIN_CAPACITY];
  private long[] addresses = new long[MIN_CAPACITY];
  private int count;

  /** {@return how many buffers are in} */
  int count() {
    return count;
  }

  /**
   * Enters a buffer, which must not be in.
   *
   * @throws OutOfMemoryError if the table cannot grow; nothing is changed then
   */
  void put(ByteBuffer buffer, long address) {
    if (2 * (count + 1) > buffers.length) {
      grow();
    }
    insert(buffers, addresses, buffer, address);
    count++;
  }

  private void grow() {
    int capacity = Math.multiplyExact(buffers.length, 2);
    @Nullable ByteBuffer[] grown = new @Nullable ByteBuffer[capacity];
    long[] grownAddresses = new long[capacity];
    for (int at = 0; at < buffers.length; at++) {
      ByteBuffer buffer = buffers[at];
      if (buffer != null) {
        insert(grown, grownAddresses, buffer, addresses[at]);
      }
    }
    buffers = grown;
    addresses = grownAddresses;
  }

  private static void insert(
      @Nullable ByteBuffer[] buffers, long[] addresses, ByteBuffer buffer, long address) {
    int at = home(buffer, buffers.length);
    while (buffers[at] != null) {
      at = at + 1 & buffers.length - 1;
    }
    buffers[at] = buffer;
    addresses[at] = address;
  }

  /** {@return the place of a buffer, or an empty place iff it is not in} */
  int find(ByteBuffer buffer) {
    @Nullable ByteBuffer[] buffers = this.buffers;
    int at = home(buffer, buffers.length);
    while (buffers[at] != null && !isSame(buffers[at], buffer)) {
      at = at + 1 & buffers.length - 1;
    }
    return at;
  }

  @SuppressWarnings("ReferenceEquality") // two buffers are equal if their contents are
  private static boolean isSame(@Nullable ByteBuffer buffer, ByteBuffer other) {
    return buffer == other;
  }

  /** {@return the address of the buffer at a place, NULL iff the place is empty} */
  long address(int place) {
    return addresses[place];
  }

  /** Takes the buffer at a place out, and closes the gap by moving what follows. */
  void remove(int place) {
    int last = buffers.length - 1;
    int gap = place;
    for (int at = gap + 1 & last; ; at = at + 1 & last) {
      ByteBuffer buffer = buffers[at];
      if (buffer == null) {
        break;
      }
      if ((at - home(buffer, buffers.length) & last) >= (at - gap & last)) {
        buffers[gap] = buffer;
        addresses[gap] = addresses[at];
        gap = at;
      }
    }
    buffers[gap] = null;
    addresses[gap] = Allocator.NULL;
    count--;
  }

  /** {@return whether an address is in the block of a buffer that is in} O(capacity). */
  boolean covers(long address) {
    for (int at = 0; at < buffers.length; at++) {
      ByteBuffer buffer = buffers[at];
      if (buffer != null
          && Long.compareUnsigned(address - addresses[at], AllocatorByteBuffers.bytes(buffer))
              < 0) {
        return true;
      }
    }
    return false;
  }

  private static int home(ByteBuffer buffer, int capacity) {
    // The low bits choose the table that a buffer is in.
    return System.identityHashCode(buffer) >>> AllocatorByteBuffers.TABLE_BITS & capacity - 1;
  }
}
