package org.jallocator.jna;

/**
 * The sizes of blocks by their addresses, for callers such as C's free and realloc that do not say
 * them. On the Java heap, so that no overrun of a block reaches it, and without an object a block.
 *
 * <p>An open-addressed table with linear probing. Addresses and sizes alternate in one array, so
 * that a look-up touches one cache line as a rule; an entry that goes is closed up by moving its
 * followers, so that nothing is left behind to be skipped.
 *
 * <p>Invariants: at most half of the places are used or reserved, so every search ends at an empty
 * one; between an entry and the place that its address hashes to there is no empty place. Price: 32
 * to 64 bytes a block of the most that were ever live. Not thread-safe.
 */
final class BlockSizes {

  /** What is no block's size. */
  static final long ABSENT = 0;

  /** The address in a place that is empty: NULL, which is no block's. */
  private static final long EMPTY = 0;

  private static final int MIN_CAPACITY = 16;

  /** Multiplying by it spreads neighbouring addresses: 2⁶⁴ over the golden ratio. */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private long[] entries = new long[2 * MIN_CAPACITY];
  private int count;

  /** Blocks that are set aside. */
  private int reserved;

  private long bytes;

  int count() {
    return count;
  }

  /** {@return the sum of all sizes} */
  long bytes() {
    return bytes;
  }

  /**
   * Enters a block, which must not be in.
   *
   * @throws OutOfMemoryError if the table cannot grow; nothing is changed then
   */
  void put(long address, long size) {
    if (4L * (count + reserved + 1) > entries.length) {
      grow();
    }
    insert(entries, address, size);
    count++;
    bytes += size;
  }

  private void grow() {
    long[] grown = new long[Math.multiplyExact(entries.length, 2)];
    for (int at = 0; at < entries.length; at += 2) {
      if (entries[at] != EMPTY) {
        insert(grown, entries[at], entries[at + 1]);
      }
    }
    entries = grown;
  }

  private static void insert(long[] entries, long address, long size) {
    int at = home(entries, address);
    while (entries[at] != EMPTY) {
      at = next(entries, at);
    }
    entries[at] = address;
    entries[at + 1] = size;
  }

  /** {@return the size of a block, {@link #ABSENT} iff it is not in} */
  long get(long address) {
    int at = find(address);
    return entries[at] == EMPTY ? ABSENT : entries[at + 1];
  }

  /** Changes the size of a block that is in. */
  void replace(long address, long size) {
    int at = find(address);
    bytes += size - entries[at + 1];
    entries[at + 1] = size;
  }

  /** Takes a block out. {@return its size, {@link #ABSENT} iff it was not in} */
  long remove(long address) {
    int at = find(address);
    if (entries[at] == EMPTY) {
      return ABSENT;
    }
    long size = entries[at + 1];
    close(at);
    count--;
    bytes -= size;
    return size;
  }

  /**
   * Takes a block out, and keeps room for it until it is put back or forgotten. {@return its size,
   * {@link #ABSENT} iff it was not in, and then there is no room to give up}
   */
  long setAside(long address) {
    long size = remove(address);
    if (size != ABSENT) {
      reserved++;
    }
    return size;
  }

  /** Enters a block again that was set aside. Cannot fail. */
  void putBack(long address, long size) {
    reserved--;
    insert(entries, address, size);
    count++;
    bytes += size;
  }

  /** Gives up the room of a block that was set aside. */
  void forget() {
    reserved--;
  }

  /**
   * Empties a place, and moves to it what could not be found beyond an empty one. No call stands
   * between the stores, so that a full stack leaves the table whole: {@link #home} and {@link
   * #next} are written out.
   */
  private void close(int gap) {
    long[] entries = this.entries;
    int last = entries.length - 1;
    int shift = shift(entries);
    for (int at = gap + 2 & last; entries[at] != EMPTY; at = at + 2 & last) {
      int home = (int) ((entries[at] * SPREAD) >>> shift) << 1;
      if ((at - home & last) >= (at - gap & last)) {
        entries[gap] = entries[at];
        entries[gap + 1] = entries[at + 1];
        gap = at;
      }
    }
    entries[gap] = EMPTY;
    entries[gap + 1] = ABSENT;
  }

  /** {@return the addresses of the first few blocks, in no order} */
  long[] first(int limit) {
    long[] first = new long[Math.min(limit, count)];
    int found = 0;
    for (int at = 0; found < first.length; at += 2) {
      if (entries[at] != EMPTY) {
        first[found++] = entries[at];
      }
    }
    return first;
  }

  /** {@return where an address is, or the empty place where it would be} */
  private int find(long address) {
    long[] entries = this.entries;
    int at = home(entries, address);
    while (entries[at] != address && entries[at] != EMPTY) {
      at = next(entries, at);
    }
    return at;
  }

  /** {@return the place that an address hashes to: an even index} */
  private static int home(long[] entries, long address) {
    return (int) ((address * SPREAD) >>> shift(entries)) << 1;
  }

  /** {@return by how much a hash is shifted to be the number of a place} */
  private static int shift(long[] entries) {
    return Long.numberOfLeadingZeros(entries.length) + 2;
  }

  private static int next(long[] entries, int at) {
    return (at + 2) & (entries.length - 1);
  }
}
