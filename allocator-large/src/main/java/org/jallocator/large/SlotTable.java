package org.jallocator.large;

import java.util.Arrays;

/**
 * Finds slots by a key, in O(1) however many there are and wherever their addresses lie. Several
 * slots may have the same key.
 *
 * <p>Open addressing with linear probing, at most half full; removal shifts back. The keys are the
 * caller's: an array with a key for each slot. The hash is over all 64 bits of the key and differs
 * from table to table, so that no pattern of addresses fills one part of the table.
 *
 * <p>Never allocates after it was made. Slot 0 is unused: it stands for a vacant entry.
 */
final class SlotTable {

  /** The two odd factors of the hash: 2⁶⁴ over the golden ratio, and one of MurmurHash3. */
  private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

  private static final long MIX = 0xFF51_AFD7_ED55_8CCDL;

  /** A slot, or 0 iff the entry is vacant. */
  private final int[] entries;

  private final int shift;
  private final long seed;

  /**
   * Makes an empty table.
   *
   * @param slots how many slots it must have room for, at most 2²⁹
   * @param seed any number
   */
  SlotTable(int slots, long seed) {
    int capacity = Integer.highestOneBit(Math.max(slots, 2) - 1) << 2;
    this.entries = new int[capacity];
    this.shift = Long.SIZE - Integer.numberOfTrailingZeros(capacity);
    this.seed = seed;
  }

  /** {@return the place in the table where the search for a key begins} */
  int first(long key) {
    long hash = (key ^ seed) * SPREAD;
    hash = (hash ^ (hash >>> 32)) * MIX;
    return (int) (hash >>> shift);
  }

  /** {@return the place where a search goes on} */
  int next(int place) {
    return (place + 1) & (entries.length - 1);
  }

  /** {@return the slot that stands at a place, or 0 iff the search ends there} */
  int at(int place) {
    return entries[place];
  }

  /** {@return the slot that has a key, or 0 iff none has} */
  int find(long[] keys, long key) {
    int[] entries = this.entries;
    for (int place = first(key); ; place = (place + 1) & (entries.length - 1)) {
      int slot = entries[place];
      if (slot == 0 || keys[slot] == key) {
        return slot;
      }
    }
  }

  /** Enters a slot under its key. */
  void add(long[] keys, int slot) {
    int place = first(keys[slot]);
    while (entries[place] != 0) {
      place = next(place);
    }
    entries[place] = slot;
  }

  /** Takes a slot out, if it is there. */
  void remove(long[] keys, int slot) {
    int hole = first(keys[slot]);
    while (entries[hole] != slot) {
      if (entries[hole] == 0) {
        return;
      }
      hole = next(hole);
    }
    for (int place = next(hole); entries[place] != 0; place = next(place)) {
      int first = first(keys[entries[place]]);
      if (distance(first, place) >= distance(hole, place)) {
        entries[hole] = entries[place];
        hole = place;
      }
    }
    entries[hole] = 0;
  }

  private int distance(int from, int to) {
    return (to - from) & (entries.length - 1);
  }

  /** Takes all out; the time is in proportion to the room. */
  void clear() {
    Arrays.fill(entries, 0);
  }
}
