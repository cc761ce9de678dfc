package org.jallocator.ffm;

import org.jallocator.Allocator;
import org.jallocator.spi.Failures;

/**
 * The blocks that an arena has taken, each with the size that it was asked for. On the Java heap,
 * 16 bytes a block and no object. Not thread-safe.
 */
final class BlockList {

  private static final int FIRST_BLOCKS = 4;

  /** Addresses and sizes alternate. */
  private long[] pairs = new long[2 * FIRST_BLOCKS];

  private int count;

  /** {@return how many blocks are in} */
  int count() {
    return count;
  }

  /**
   * Makes room for one more block.
   *
   * @throws OutOfMemoryError if there is none on the Java heap; nothing is changed then
   */
  void reserve() {
    if (2 * count == pairs.length) {
      grow();
    }
  }

  private void grow() {
    long[] grown = new long[Math.multiplyExact(pairs.length, 2)];
    System.arraycopy(pairs, 0, grown, 0, pairs.length);
    pairs = grown;
  }

  /** Enters a block. There must be room: {@link #reserve}. */
  void add(long address, long size) {
    long[] pairs = this.pairs;
    int at = 2 * count;
    pairs[at] = address;
    pairs[at + 1] = size;
    count++;
  }

  /**
   * Frees all blocks, the youngest first. A block that the allocator refuses as an invalid free is
   * dropped, and the others are freed.
   *
   * @throws IllegalArgumentException at the end, if blocks were refused; further refusals are
   *     suppressed in it
   * @throws RuntimeException what else the allocator throws, at once; that block and those not
   *     freed yet stay in
   */
  void freeAll(Allocator allocator) {
    IllegalArgumentException refused = null;
    while (count > 0) {
      int at = 2 * (count - 1);
      try {
        allocator.free(pairs[at], pairs[at + 1]);
      } catch (IllegalArgumentException e) {
        refused = Failures.join(refused, e);
      }
      count--;
    }
    if (refused != null) {
      throw refused;
    }
  }
}
