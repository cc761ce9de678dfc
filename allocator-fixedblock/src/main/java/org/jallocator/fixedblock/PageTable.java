package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds the page that an address lies in, in O(1) however many pages there are.
 *
 * <p>The address space is cut into windows of a power of two, smaller than the smallest page. A
 * page is entered once for each window that it reaches into, in an open-addressed hash table keyed
 * by the window's number; as pages do not overlap, a window has two pages at the most. Of two the
 * one that begins there comes first, as its first blocks are those that come and go. There are no
 * separate keys: whether an entry is the right one, the page's own range tells.
 *
 * <pre>
 *            | lane 0 | lane 1 | … | lane 15 |
 *   row 0    |        |        |   |         |    windows 16n to 16n + 15 share a row, so that
 *   row 1    |        |        |   |         |    neighbours share a cache line; a search goes
 *   …        |        |        |   |         |    down its lane, from the row that n hashes to
 * </pre>
 *
 * <p>Invariants: an entry lies at most {@link #MAX_STEPS} rows below the one its window hashes to,
 * so every search ends; at most half of the entries are used or removed.
 *
 * <p>Any thread may search at any time: an entry is written when its page is complete, and an array
 * when it is. Adding and removing is for one thread at a time. A search that runs beside the
 * removal of the page may find it or not; beside that of another page, it finds its own.
 */
final class PageTable {

  private static final int LANE_BITS = 4;
  private static final int LANES = 1 << LANE_BITS;
  private static final int MAX_STEPS = 16;
  private static final int MIN_CAPACITY = 4 * LANES;

  /**
   * 2⁶⁴ over the golden ratio. The highest bits of its multiples lie as far apart as can be, so
   * that rows of one run of pages do not meet. Source: Donald Knuth, The Art of Computer
   * Programming 3, section 6.4, Fibonacci hashing.
   */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(Page[].class);
  private static final VarHandle ENTRIES = entriesHandle();

  private final int windowShift;

  private Page[] entries = vacant(MIN_CAPACITY);

  /** Entries that hold a page, or {@link Page#GONE} where one was removed. */
  private int used;

  /** The page last found by the one thread that adds and removes. */
  private Page lastFound = Page.NONE;

  private int held;

  /**
   * Makes an empty table.
   *
   * @param minPageBytes the size of the smallest page, in bytes
   */
  PageTable(long minPageBytes) {
    this.windowShift = Math.max(0, 61 - Long.numberOfLeadingZeros(minPageBytes));
  }

  private static Page[] vacant(int capacity) {
    Page[] entries = new Page[capacity];
    Arrays.fill(entries, Page.NONE);
    return entries;
  }

  private static VarHandle entriesHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(PageTable.class, "entries", Page[].class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** {@return the index of the first entry where a window's pages may stand} */
  private static int home(long window, int capacity) {
    int rowBits = Integer.SIZE - 1 - LANE_BITS - Integer.numberOfLeadingZeros(capacity);
    int row = (int) (((window >>> LANE_BITS) * SPREAD) >>> -rowBits);
    return row << LANE_BITS | ((int) window & (LANES - 1));
  }

  /**
   * {@return the page that most likely holds an address: {@link Page#NONE} or another page where it
   * does not, which {@link #find} then tells}
   */
  Page guess(long address) {
    Page[] entries = (Page[]) ENTRIES.getAcquire(this);
    return (Page) ENTRY.getAcquire(entries, home(address >>> windowShift, entries.length));
  }

  /** {@return as {@link #guess}, for the one thread that adds and removes} */
  Page guessAlone(long address) {
    Page[] entries = this.entries;
    return entries[home(address >>> windowShift, entries.length)];
  }

  /**
   * {@return the page that most likely holds an address which {@link #guessAlone} does not: of two
   * pages in a window, the other}
   */
  Page guessBesides(long address) {
    Page[] entries = this.entries;
    return entries[below(home(address >>> windowShift, entries.length), entries.length)];
  }

  /** {@return the page that holds an address, or {@link Page#NONE}} */
  Page find(long address) {
    Page[] entries = (Page[]) ENTRIES.getAcquire(this);
    int index = home(address >>> windowShift, entries.length);
    for (int step = 0; step < MAX_STEPS; step++) {
      Page page = (Page) ENTRY.getAcquire(entries, index);
      if (page == Page.NONE) {
        return Page.NONE;
      }
      if (page.spans(address)) {
        return page;
      }
      index = below(index, entries.length);
    }
    return Page.NONE;
  }

  /** {@return as {@link #find}, for the one thread that adds and removes} */
  Page findAlone(long address) {
    Page page = find(address);
    lastFound = page;
    return page;
  }

  /** {@return the page that {@link #findAlone} last found, if that is held still} */
  Page lastFound() {
    return lastFound;
  }

  private static int below(int index, int capacity) {
    return (index + LANES) & (capacity - 1);
  }

  /**
   * Enters a page.
   *
   * @throws OutOfMemoryError if the Java heap has no room for the table; nothing has changed
   */
  void add(Page page) {
    long windows = windows(page);
    if ((used + windows) * 2 <= entries.length && enter(entries, page)) {
      held += (int) windows;
      return;
    }
    // What was entered of the page stands, and is met again below or overwritten with the rest.
    rebuild(page, held + windows);
  }

  private long first(Page page) {
    return page.start() >>> windowShift;
  }

  private long last(Page page) {
    return (page.start() + page.bytes - 1) >>> windowShift;
  }

  private long windows(Page page) {
    return last(page) - first(page) + 1;
  }

  /** {@return false iff a lane has no room within {@link #MAX_STEPS} rows} */
  private boolean enter(Page[] entries, Page page) {
    long first = first(page);
    long windows = windows(page);
    for (long i = 0; i < windows; i++) {
      int home = home(first + i, entries.length);
      int index = vacancy(entries, home);
      if (index < 0) {
        return false;
      }
      if (entries[index] == Page.NONE) {
        used++;
      }
      if (i == 0 && index != home && last(entries[home]) == first) {
        ENTRY.setRelease(entries, index, entries[home]);
        index = home;
      }
      ENTRY.setRelease(entries, index, page);
    }
    return true;
  }

  /** {@return an entry of no page on the way down from another, or -1 where there is none} */
  private static int vacancy(Page[] entries, int home) {
    int index = home;
    for (int step = 0; step < MAX_STEPS; step++) {
      if (entries[index] == Page.NONE || entries[index] == Page.GONE) {
        return index;
      }
      index = below(index, entries.length);
    }
    return -1;
  }

  private void rebuild(Page added, long windows) {
    Page[] old = entries;
    int oldUsed = used;
    int capacity = MIN_CAPACITY;
    while (capacity < windows * 4) {
      capacity = Math.multiplyExact(capacity, 2);
    }
    try {
      Page @Nullable [] next = copy(old, added, capacity);
      while (next == null) {
        capacity = Math.multiplyExact(capacity, 2);
        next = copy(old, added, capacity);
      }
      held = (int) windows;
      ENTRIES.setRelease(this, next);
    } catch (ArithmeticException | OutOfMemoryError e) {
      used = oldUsed;
      erase(added);
      throw e instanceof OutOfMemoryError full ? full : new OutOfMemoryError("page table is full");
    }
  }

  /**
   * {@return the pages of old and one more in an array of that capacity, or null if too crowded}
   */
  private Page @Nullable [] copy(Page[] old, Page added, int capacity) {
    Page[] next = vacant(capacity);
    used = 0;
    if (!enter(next, added)) {
      return null;
    }
    for (Page page : old) {
      if (page != Page.NONE && page != Page.GONE && !holds(next, page) && !enter(next, page)) {
        return null;
      }
    }
    return next;
  }

  private boolean holds(Page[] entries, Page page) {
    int index = home(first(page), entries.length);
    for (int step = 0; step < MAX_STEPS; step++) {
      if (entries[index] == page) {
        return true;
      }
      index = below(index, entries.length);
    }
    return false;
  }

  /** Removes a page. */
  void remove(Page page) {
    if (page == lastFound) {
      lastFound = Page.NONE;
    }
    held -= (int) windows(page);
    erase(page);
  }

  /** Takes the page's entries out, all that there are. */
  private void erase(Page page) {
    long first = first(page);
    long windows = windows(page);
    for (long i = 0; i < windows; i++) {
      int index = home(first + i, entries.length);
      for (int step = 0; step < MAX_STEPS; step++) {
        if (entries[index] == page) {
          boolean last = entries[below(index, entries.length)] == Page.NONE;
          ENTRY.setRelease(entries, index, last ? Page.NONE : Page.GONE);
          used -= last ? 1 : 0;
          break;
        }
        index = below(index, entries.length);
      }
    }
  }
}
