package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the page that an address lies in, in O(1) expected time for any number of pages of any size
 * at any address.
 *
 * <p>The address space is cut into windows of a power of two. A page has an entry for each window
 * that it reaches into, in one open-addressed hash table. Windows come in levels, each with windows
 * {@value #GROWTH} times as large as the level below; a page is entered in the lowest level in
 * which it is at most {@value #GROWTH} windows long, so it has at most {@value #GROWTH} + 1
 * entries, however large it is. Entries have no keys: the page's own range says if it is the right
 * one.
 *
 * <pre>
 *   address >>> windowShift (+ 6 a level)  =  window
 *   window * multiplier >>> hashShift      =  home, an index of entries
 *
 *   entries:  … | none | A | A | B | gone | C | none | …      a search goes right from home,
 *                        home                                 as far as the first none
 * </pre>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>No entry between the home of a page's window and the page's own entry is {@link Page#NONE}.
 *   <li>{@code held} = entries of pages; {@code used} = held + entries that are {@link Page#GONE};
 *       used is at most a fraction of the entries, so every search ends.
 * </ul>
 *
 * <p>Any thread may search at any time without a lock. Adding and removing needs the caller's
 * monitor. A search finds every page that is in the table during the whole search: an entry never
 * moves towards its home, and {@link Page#NONE} is never written between a page and its home. A
 * larger or emptier table is filled aside and then published by one store; the old one is not
 * written again.
 *
 * <p>An OutOfMemoryError or a StackOverflowError leaves the table as it was. Memory is allocated
 * before the first change, and no method is called between the first store and the last.
 *
 * <p>No input is slow: all bits of the window take part in the hash. The first multiplier is the
 * best one for neighbours; if searches become long all the same, the table is rebuilt with a random
 * one. Source: Martin Dietzfelbinger and others, A Reliable Randomized Algorithm for the
 * Closest-Pair Problem, 1997, multiplicative hashing.
 */
final class PageTable {

  /** How many windows of a level make one of the next. */
  static final int GROWTH = 1 << 6;

  private static final int GROWTH_BITS = Integer.numberOfTrailingZeros(GROWTH);

  private static final int MIN_CAPACITY = 16;
  private static final int MAX_CAPACITY = 1 << 30;

  /**
   * A small array is made with at least so many elements an entry, and a larger one with at least a
   * quarter of them. The pages of several heaps lie in several places, whose windows meet by
   * chance, and a free that guesses wrong takes longer.
   */
  private static final int ROOMY = 16;

  /** An array is small if it has fewer elements. */
  private static final int SMALL_CAPACITY = 1 << 14;

  /** A search may take so many steps, or half a step on the average, before another multiplier. */
  private static final int MAX_STEPS = 32;

  /** How many multipliers are tried before a long search is accepted. */
  private static final int TRIES = 4;

  /**
   * 2⁶⁴ over the golden ratio. The highest bits of its multiples lie as far apart as can be, so
   * successive windows do not meet. Source: Donald Knuth, The Art of Computer Programming 3,
   * section 6.4, Fibonacci hashing.
   */
  static final long FIRST_MULTIPLIER = 0x9E3779B97F4A7C15L;

  private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(Page[].class);
  private static final VarHandle SLOTS = slotsHandle();

  private final LongSupplier multipliers;

  /** Plain: its fields are final, so a racing reader sees a complete object. */
  private Slots slots;

  /**
   * Makes an empty table.
   *
   * @param minPageBytes the size of the smallest page, in bytes
   */
  PageTable(long minPageBytes) {
    this(minPageBytes, FIRST_MULTIPLIER, new SplittableRandom()::nextLong);
  }

  /** As above, with the first multiplier and a source of others; all are made odd. */
  PageTable(long minPageBytes, long multiplier, LongSupplier multipliers) {
    this.multipliers = multipliers;
    int windowShift = Math.max(0, 61 - Long.numberOfLeadingZeros(minPageBytes));
    this.slots = new Slots(MIN_CAPACITY, multiplier, windowShift, new Page[0], null);
  }

  private static VarHandle slotsHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(PageTable.class, "slots", Slots.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * {@return the page that most likely holds an address: {@link Page#NONE} or another page if it
   * does not; {@link #find} is exact}
   *
   * <p>Plain loads and no loop. Only pages of level 0 are guessed.
   */
  Page guess(long address) {
    Slots slots = this.slots;
    return slots.entries[slots.home(address >>> slots.windowShift)];
  }

  /** {@return the page that most likely holds an address if {@link #guess} was wrong} */
  Page guessBesides(long address) {
    Slots slots = this.slots;
    Page[] entries = slots.entries;
    return entries[(slots.home(address >>> slots.windowShift) + 1) & (entries.length - 1)];
  }

  /** As {@link #guess}, for a thread that may have learnt of the page by nothing but this. */
  Page guessForOthers(long address) {
    Slots slots = (Slots) SLOTS.getAcquire(this);
    return (Page) ENTRY.getAcquire(slots.entries, slots.home(address >>> slots.windowShift));
  }

  /** {@return the page that holds an address, or {@link Page#NONE}} */
  Page find(long address) {
    Slots slots = (Slots) SLOTS.getAcquire(this);
    for (int levels = slots.levels; levels != 0; levels &= levels - 1) {
      int shift = slots.windowShift + GROWTH_BITS * Integer.numberOfTrailingZeros(levels);
      Page page = slots.find(address, shift);
      if (page != Page.NONE) {
        return page;
      }
    }
    return Page.NONE;
  }

  /**
   * Adds a page, which must not overlap another of the table. The caller holds the monitor that
   * guards additions and removals. O(1) expected and amortized.
   *
   * @throws OutOfMemoryError if the Java heap has no room for the table; nothing has changed
   */
  void add(Page page) {
    Slots slots = this.slots;
    if (slots.takes(page)) {
      slots.enter(page);
    } else {
      slots = slots.rebuilt(page, slots.multiplier);
      this.slots = slots;
    }
    if (slots.isSlow()) {
      speedUp();
    }
  }

  /** Tries other multipliers. The table is right without that, only slower. */
  private void speedUp() {
    try {
      for (int i = 0; i < TRIES && slots.isSlow(); i++) {
        slots = slots.rebuilt(null, multipliers.getAsLong());
      }
      while (slots.isSlow()) {
        slots.limit *= 2; // so that rebuilds stay rare
      }
    } catch (OutOfMemoryError | StackOverflowError e) {
      return; // the next addition tries again
    }
  }

  /**
   * Removes a page; does nothing if it is not in the table. The caller holds the monitor that
   * guards additions and removals. Allocates nothing. O(1) expected.
   */
  void remove(Page page) {
    slots.erase(page);
  }

  /** {@return how many elements the table's array has} */
  int capacity() {
    return slots.entries.length;
  }

  /** {@return how many entries the pages of the table have} */
  int held() {
    return slots.held;
  }

  /** {@return the most steps from a home to an entry} */
  int longest() {
    return slots.longest;
  }

  /** One array of entries, and how to find one in it. */
  private static final class Slots {

    final Page[] entries;
    final long multiplier;

    /** 64 minus the bits of an index. */
    final int hashShift;

    /** Of level 0. */
    final int windowShift;

    /** Bit i is set iff level i may have pages. */
    final int levels;

    /** How many entries are not {@link Page#NONE}. */
    int used;

    /** How many entries are pages. */
    int held;

    /** How many times a page was entered, and the steps from home to entry: the sum, the most. */
    long entered;

    long steps;
    int longest;

    /** How many steps are accepted. */
    int limit = MAX_STEPS;

    /** Makes one that has all pages of {@code old}, and one more. */
    Slots(int capacity, long multiplier, int windowShift, Page[] old, @Nullable Page added) {
      this.entries = new Page[capacity];
      this.multiplier = multiplier | 1;
      this.hashShift = Integer.numberOfLeadingZeros(capacity) + 1 + Long.SIZE - Integer.SIZE;
      this.windowShift = windowShift;
      Arrays.fill(entries, Page.NONE);
      int levels = 0;
      for (Page page : old) {
        if (page != Page.NONE && page != Page.GONE && find(page.start(), shift(page)) != page) {
          enter(page);
          levels |= 1 << level(page);
        }
      }
      if (added != null) {
        enter(added);
        levels |= 1 << level(added);
      }
      this.levels = levels;
    }

    /** {@return whether a search takes more steps than are accepted, or too many on the average} */
    boolean isSlow() {
      return longest > limit || 2 * steps * MAX_STEPS > entered * limit;
    }

    int home(long window) {
      return (int) ((window * multiplier) >>> hashShift);
    }

    private int level(Page page) {
      int bits = Long.SIZE - Long.numberOfLeadingZeros(page.bytes - 1);
      return Math.max(0, bits - windowShift - 1) / GROWTH_BITS;
    }

    private int shift(Page page) {
      return windowShift + GROWTH_BITS * level(page);
    }

    private static long last(Page page, int shift) {
      return (page.start() + page.bytes - 1) >>> shift;
    }

    private static int windows(Page page, int shift) {
      return (int) (last(page, shift) - (page.start() >>> shift)) + 1;
    }

    /** {@return the page at an address, of the level with windows of {@code 1 << shift} bytes} */
    Page find(long address, int shift) {
      Page[] entries = this.entries;
      int index = home(address >>> shift);
      while (true) {
        Page page = (Page) ENTRY.getAcquire(entries, index);
        if (page == Page.NONE || page.spans(address)) {
          return page;
        }
        index = (index + 1) & (entries.length - 1);
      }
    }

    /** {@return whether a page may be entered here: not too full, and not much too large} */
    boolean takes(Page page) {
      int capacity = entries.length;
      long needed = windows(page, shift(page)) + 1L;
      return (levels & 1 << level(page)) != 0
          && used + needed <= most(capacity)
          && (capacity == MIN_CAPACITY || capacity <= (held + needed) * sparse(capacity));
    }

    /** {@return of how many elements an entry an array is too large} */
    private static int sparse(int capacity) {
      return capacity <= SMALL_CAPACITY ? 8 * ROOMY : 2 * ROOMY;
    }

    /** {@return how many entries an array takes at the most} */
    private static int most(int capacity) {
      if (capacity < SMALL_CAPACITY) {
        return 2 * capacity / ROOMY;
      }
      return capacity == MAX_CAPACITY ? capacity - capacity / 8 : capacity / 2;
    }

    /** {@return another array with the same pages and one more} */
    Slots rebuilt(@Nullable Page added, long multiplier) {
      long needed = held + (added == null ? 0 : windows(added, shift(added)) + 1L);
      long roomy = Math.max(Math.min(ROOMY * needed, SMALL_CAPACITY), ROOMY / 4 * needed);
      int capacity = MIN_CAPACITY;
      while (capacity < MAX_CAPACITY && capacity < roomy) {
        capacity *= 2;
      }
      if (needed > most(capacity)) {
        throw new OutOfMemoryError("page table is full: entries=" + needed + ", limit=" + capacity);
      }
      return new Slots(capacity, multiplier, windowShift, entries, added);
    }

    /** Enters a page for each of its windows. There must be room. */
    void enter(Page page) {
      int shift = shift(page);
      long first = page.start() >>> shift;
      int count = windows(page, shift);
      boolean moved = moveAside(first, shift);
      Page none = Page.NONE;
      Page gone = Page.GONE;
      Page[] entries = this.entries;
      long multiplier = this.multiplier;
      VarHandle.releaseFence(); // the copy is visible before the entry that it was copied from goes
      // From here on no method is called, so that no StackOverflowError can fall between.
      for (int i = 0; i < count; i++) {
        int index = (int) (((first + i) * multiplier) >>> hashShift);
        if (i != 0 || !moved) {
          int distance = 0;
          while (entries[index] != none && entries[index] != gone) {
            index = (index + 1) & (entries.length - 1);
            distance++;
          }
          steps += distance;
          longest = distance > longest ? distance : longest;
          used += entries[index] == none ? 1 : 0;
          held++;
        }
        entries[index] = page;
      }
      entered += count;
    }

    /**
     * Copies the page at a window's home to the next vacancy if it ends in this window. The page to
     * be entered begins there: {@link #guess} is to find that one, as its first blocks are those
     * that come and go. Two entries of one page for one window do no harm.
     *
     * @return whether the home may be overwritten
     */
    private boolean moveAside(long window, int shift) {
      int home = home(window);
      Page page = entries[home];
      if (page == Page.NONE || page == Page.GONE || last(page, shift) != window) {
        return false;
      }
      int index = home;
      while (entries[index] != Page.NONE && entries[index] != Page.GONE) {
        index = (index + 1) & (entries.length - 1);
      }
      used += entries[index] == Page.NONE ? 1 : 0;
      held++;
      steps++;
      entries[index] = page;
      return true;
    }

    /** Takes out all entries of a page. */
    void erase(Page page) {
      int shift = shift(page);
      long first = page.start() >>> shift;
      int count = windows(page, shift);
      Page none = Page.NONE;
      Page gone = Page.GONE;
      Page[] entries = this.entries;
      int mask = entries.length - 1;
      long multiplier = this.multiplier;
      // From here on no method is called, so that no StackOverflowError can fall between.
      for (int i = 0; i < count; i++) {
        int index = (int) (((first + i) * multiplier) >>> hashShift);
        while (entries[index] != none) {
          if (entries[index] == page) {
            entries[index] = gone;
            held--;
          }
          index = (index + 1) & mask;
        }
        for (index = (index - 1) & mask; entries[index] == gone; index = (index - 1) & mask) {
          entries[index] = none; // no search goes on from here: the next entry is none
          used--;
        }
      }
    }
  }
}
