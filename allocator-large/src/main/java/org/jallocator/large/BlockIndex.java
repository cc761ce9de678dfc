package org.jallocator.large;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Finds the slots of held blocks: by a block's address in O(1), and by any address inside a block
 * in O(levels).
 *
 * <p>A block of n bytes has the level floor(log2 n) and is entered there under the window of
 * 2^(level+1) bytes in which it starts. It is shorter than a window, so what lies in it lies in
 * that window or in the next one; and it is half a window long at least, so that no more than two
 * blocks of a level start in one window. A search looks at two windows for each level in use.
 *
 * <p>The index can be rebuilt from the caller's arrays, and the arrays decide: a search compares
 * each entry that it finds with them.
 */
final class BlockIndex {

  private final SlotTable byAddress;
  private final SlotTable byWindow;

  /** By slot, the window and level of a block that is entered. */
  private final long[] window;

  /** By slot, the bytes that a block takes, padding included. */
  private final long[] bytes;

  /** How many blocks there are of each level. */
  private final int[] levelCounts = new int[Long.SIZE];

  /** A bit for each level in use. */
  private long levels;

  /**
   * Makes an empty index.
   *
   * @param slots the length of the caller's arrays
   * @param blocks how many blocks there may be
   */
  BlockIndex(int slots, int blocks) {
    long seed = new SplittableRandom().nextLong();
    byAddress = new SlotTable(blocks, seed);
    byWindow = new SlotTable(blocks, ~seed);
    window = new long[slots];
    bytes = new long[slots];
  }

  /** {@return the slot of the block that has an address, or 0 iff there is none} */
  int find(long[] addresses, long address) {
    return byAddress.find(addresses, address);
  }

  /** {@return whether an address lies in a block} */
  boolean holds(long[] starts, long address) {
    for (long rest = levels; rest != 0; rest &= rest - 1) {
      int level = Long.numberOfTrailingZeros(rest);
      long index = address >>> (level + 1);
      if (holds(starts, key(index, level), address)
          || holds(starts, key(index - 1, level), address)) {
        return true;
      }
    }
    return false;
  }

  private boolean holds(long[] starts, long key, long address) {
    int place = byWindow.first(key);
    for (int slot = byWindow.at(place); slot != 0; slot = byWindow.at(place)) {
      if (Long.compareUnsigned(address - starts[slot], bytes[slot]) < 0) {
        return true;
      }
      place = byWindow.next(place);
    }
    return false;
  }

  /** Blocks of less than 32 bytes lose a bit of the window, and share the key with others. */
  private static long key(long window, int level) {
    return window << 6 | level;
  }

  private static int level(long bytes) {
    return Long.SIZE - 1 - Long.numberOfLeadingZeros(bytes);
  }

  /**
   * Enters a block.
   *
   * @param bytes the bytes that it takes, padding included
   */
  void add(long[] addresses, long[] starts, int slot, long bytes) {
    int level = level(bytes);
    this.bytes[slot] = bytes;
    window[slot] = key(starts[slot] >>> (level + 1), level);
    byAddress.add(addresses, slot);
    byWindow.add(window, slot);
    levelCounts[level]++;
    levels |= 1L << level;
  }

  /** Takes a block out. */
  void remove(long[] addresses, int slot) {
    int level = level(bytes[slot]);
    byAddress.remove(addresses, slot);
    byWindow.remove(window, slot);
    if (--levelCounts[level] == 0) {
      levels &= ~(1L << level);
    }
  }

  /** Takes all blocks out; the time is in proportion to the room. */
  void clear() {
    byAddress.clear();
    byWindow.clear();
    Arrays.fill(levelCounts, 0);
    levels = 0;
  }
}
