package org.jallocator.fixedblock;

import org.jspecify.annotations.Nullable;

/**
 * Finds the page that an address lies in, in O(1) however many pages there are.
 *
 * <p>The address space is cut into windows of a power of two, none larger than the smallest page. A
 * page is entered once for each window that it reaches into, in an open-addressed hash table keyed
 * by the window's number; as pages do not overlap, a window has two pages at the most. There are no
 * separate keys: whether an entry is the right one, the page's own range tells.
 *
 * <p>Invariants: at most half of the entries are used or removed, so every search ends at an empty
 * one; a page's entries stand until it is removed.
 */
final class PageTable {

  private static final int MIN_CAPACITY = 16;

  /** Multiplying by it spreads neighbouring windows: 2⁶⁴ over the golden ratio. */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private final int windowShift;

  private @Nullable Page[] entries = new Page[MIN_CAPACITY];

  /** The top bits of a spread key make the index: 64 - log₂(capacity). */
  private int indexShift = indexShift(MIN_CAPACITY);

  /** Entries that hold a page, or {@link Page#NONE} where one was removed. */
  private int used;

  private int held;

  /**
   * Makes an empty table.
   *
   * @param minPageBytes the size of the smallest page, in bytes
   */
  PageTable(long minPageBytes) {
    this.windowShift = 63 - Long.numberOfLeadingZeros(minPageBytes);
  }

  private static int indexShift(int capacity) {
    return Integer.numberOfLeadingZeros(capacity) + 33;
  }

  /** {@return the page that holds an address, or {@link Page#NONE}} */
  Page find(long address) {
    @Nullable Page[] entries = this.entries;
    int mask = entries.length - 1;
    int index = (int) (((address >>> windowShift) * SPREAD) >>> indexShift);
    Page page;
    while ((page = entries[index & mask]) != null) {
      if (page.spans(address)) {
        return page;
      }
      index++;
    }
    return Page.NONE;
  }

  /** Makes room for a page, so that {@link #add} cannot fail. */
  void reserve(long bytes) {
    long needed = used + windows(bytes);
    if (needed * 2 > entries.length) {
      rebuild(held + windows(bytes));
    }
  }

  /** {@return how many windows a page can reach into} */
  private long windows(long bytes) {
    return ((bytes - 1) >>> windowShift) + 2;
  }

  private void rebuild(long needed) {
    int capacity = MIN_CAPACITY;
    while (capacity < needed * 4) {
      capacity = Math.multiplyExact(capacity, 2);
    }
    @Nullable Page[] old = entries;
    entries = new Page[capacity];
    indexShift = indexShift(capacity);
    used = 0;
    held = 0;
    for (Page page : old) {
      if (page != null && page != Page.NONE && find(page.start()) != page) {
        add(page);
      }
    }
  }

  /** Enters a page that {@link #reserve} made room for. */
  void add(Page page) {
    long first = page.start() >>> windowShift;
    long more = ((page.start() + page.bytes - 1) >>> windowShift) - first;
    for (long i = 0; i <= more; i++) {
      int index = firstIndex(first + i);
      while (entries[index] != null && entries[index] != Page.NONE) {
        index = next(index);
      }
      if (entries[index] == null) {
        used++;
      }
      held++;
      entries[index] = page;
    }
  }

  /** Removes a page. */
  void remove(Page page) {
    long first = page.start() >>> windowShift;
    long more = ((page.start() + page.bytes - 1) >>> windowShift) - first;
    for (long i = 0; i <= more; i++) {
      int index = firstIndex(first + i);
      while (entries[index] != page) {
        index = next(index);
      }
      held--;
      if (entries[next(index)] == null) {
        entries[index] = null;
        used--;
      } else {
        entries[index] = Page.NONE;
      }
    }
  }

  private int firstIndex(long window) {
    return (int) ((window * SPREAD) >>> indexShift);
  }

  private int next(int index) {
    return (index + 1) & (entries.length - 1);
  }
}
