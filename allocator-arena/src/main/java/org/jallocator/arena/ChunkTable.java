package org.jallocator.arena;

import java.util.Arrays;

/**
 * Finds the stretch of memory in which an address lies, in a time that does not depend on how many
 * there are. Stretches have any length, do not overlap, and may lie anywhere in the address space,
 * its last byte included.
 *
 * <p>The stretches themselves are the caller's: an array with two words for each, first address and
 * length in bytes, a length of 0 standing for none. The table holds their indices. It is brought up
 * to date when it is asked, so that who never asks pays nothing: the first so many stretches are
 * entered, the later ones not yet.
 *
 * <p>A stretch of length n has the level floor(log2(n)) and is entered once, under the level and
 * the window of 2^(level+1) bytes in which it starts. It is shorter than a window, so an address in
 * it lies in that window or in the one after; and it is half a window long at least, so that no
 * more than two of a level start in one window. A look-up therefore probes two windows for each
 * level in use, and compares no keys: what contains the address is what was looked for.
 *
 * <p>Open addressing with linear probing, at most half full; removal shifts back. A level that was
 * used is probed until the table grows or is empty.
 *
 * <p>Price: 8 to 16 bytes a stretch, on the Java heap. Not for a handful: scan those.
 */
final class ChunkTable {

  /** What {@link #find} returns where nothing is found. */
  static final int NOT_FOUND = -1;

  /** A table for who has nothing to enter yet; it is never written. */
  static final ChunkTable EMPTY = new ChunkTable();

  /** 2^64 divided by the golden ratio: neighbouring windows are spread evenly. */
  private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

  private static final int MIN_SLOTS = 16;
  private static final int MAX_SLOTS = 1 << 30;

  /** A slot holds an index plus one, or 0 where it is free. */
  private int[] slots = new int[MIN_SLOTS];

  /** How many slots are in use. */
  private int size;

  /** How many stretches, from the first on, are in the table or have no length. */
  private int entered;

  /** One bit for each level in use. */
  private long levels;

  /**
   * Makes room, so that {@link #find} needs no heap.
   *
   * @param stretches the caller's stretches
   * @param count how many there may be
   * @throws OutOfMemoryError if the Java heap has no room, or no array can be that long; nothing
   *     has changed
   */
  void reserve(long[] stretches, int count) {
    if (count > MAX_SLOTS / 2) {
      throw new OutOfMemoryError(
          "arena: too many chunks: chunks=" + count + ", limit=" + MAX_SLOTS / 2);
    }
    if (2 * count > slots.length) {
      slots = new int[Integer.highestOneBit(2 * count - 1) << 1];
      size = 0;
      entered = 0;
      levels = 0;
    }
  }

  /**
   * {@return the index of the stretch in which an address lies, or {@link #NOT_FOUND}}
   *
   * @param stretches the caller's stretches
   * @param count how many there are, at most as many as were reserved
   * @param address any address
   */
  int find(long[] stretches, int count, long address) {
    if (entered < count) {
      enter(stretches, count);
    }
    for (long rest = levels; rest != 0; rest &= rest - 1) {
      int level = Long.numberOfTrailingZeros(rest);
      long window = address >>> (level + 1);
      int index = findIn(stretches, level, window, address);
      if (index == NOT_FOUND) {
        index = findIn(stretches, level, window - 1, address);
      }
      if (index != NOT_FOUND) {
        return index;
      }
    }
    return NOT_FOUND;
  }

  private void enter(long[] stretches, int count) {
    for (; entered < count; entered++) {
      long length = stretches[2 * entered + 1];
      if (length != 0) {
        int slot = home(stretches, entered);
        while (slots[slot] != 0) {
          slot = after(slot);
        }
        slots[slot] = entered + 1;
        size++;
        levels |= 1L << level(length);
      }
    }
  }

  private int findIn(long[] stretches, int level, long window, long address) {
    for (int slot = home(level, window); slots[slot] != 0; slot = after(slot)) {
      int index = slots[slot] - 1;
      if (Long.compareUnsigned(address - stretches[2 * index], stretches[2 * index + 1]) < 0) {
        return index;
      }
    }
    return NOT_FOUND;
  }

  /** Takes out a stretch that is about to go; does nothing where it was not entered. */
  void remove(long[] stretches, int index) {
    if (index < entered) {
      removeEntered(stretches, index);
    }
  }

  private void removeEntered(long[] stretches, int index) {
    int hole = home(stretches, index);
    while (slots[hole] != index + 1) {
      hole = after(hole);
    }
    for (int slot = after(hole); slots[slot] != 0; slot = after(slot)) {
      int home = home(stretches, slots[slot] - 1);
      if (distance(home, slot) >= distance(hole, slot)) {
        slots[hole] = slots[slot];
        hole = slot;
      }
    }
    slots[hole] = 0;
    if (--size == 0) {
      levels = 0;
    }
  }

  /** Takes out the last stretch, which is about to go; the one before it is the last then. */
  void removeLast(long[] stretches, int index) {
    if (index < entered) {
      if (stretches[2 * index + 1] != 0) {
        removeEntered(stretches, index);
      }
      entered = index;
    }
  }

  /** Takes out all; the time is in proportion to the room that was reserved. */
  void clear() {
    if (entered > 0) {
      Arrays.fill(slots, 0);
      size = 0;
      entered = 0;
      levels = 0;
    }
  }

  private int after(int slot) {
    return (slot + 1) & (slots.length - 1);
  }

  private int distance(int from, int to) {
    return (to - from) & (slots.length - 1);
  }

  private int home(long[] stretches, int index) {
    int level = level(stretches[2 * index + 1]);
    return home(level, stretches[2 * index] >>> (level + 1));
  }

  private int home(int level, long window) {
    long spread = (window + level) * SPREAD;
    return (int) (spread >>> (1 + Integer.numberOfLeadingZeros(slots.length) + 32));
  }

  private static int level(long length) {
    return 63 - Long.numberOfLeadingZeros(length);
  }
}
