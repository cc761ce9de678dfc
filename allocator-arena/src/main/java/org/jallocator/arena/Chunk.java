package org.jallocator.arena;

import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException.Reason;

/**
 * Memory from the inner allocator that is bumped through, and the books of the blocks in it.
 *
 * <p>A granule is the arena's alignment; every block is a whole number of granules. There are two
 * bits per granule, on the Java heap: {@code start}, a block began here, and {@code live}, that
 * block is in the hands of the user. The words of both lie side by side, so that one cache line
 * serves a malloc or a free.
 *
 * <pre>
 *   granule   0   1   2   3   4   5   6   7   8   9
 *   start     1   0   1   0   0   1   0   1   0   0
 *   live      1   0   0   0   0   1   0   0   0   0
 *             live    free        live    stale
 *   top                               6
 * </pre>
 *
 * <p>Invariants:
 *
 * <pre>
 *   0 &lt;= floor &lt;= top &lt;= capacity
 *   live is a subset of start; no live bit at top or above; blocks == number of live bits
 *   below top, blocks touch: one ends where the next start bit is, the last one at top
 *   at top and above, start bits are stale: blocks that were freed and not yet bumped over again
 * </pre>
 *
 * <p>Stale start bits are what a second free is recognised by, after the pointer moved back. A bump
 * clears those that it passes; that and the search for a block's end read one word per 64 granules
 * of the block, which is the only cost here that is not constant.
 *
 * <p>Marks: {@code floor} is the innermost mark in this chunk, and top never moves below it, so
 * that everything at floor and above was handed out since that mark.
 *
 * <p>Confined to its owner thread, as the arena is. {@link #EMPTY} alone is shared, and never
 * written.
 */
final class Chunk {

  /** The chunk of an arena that has none: no room, and no address is in it. */
  static final Chunk EMPTY = new Chunk(0, 0);

  private static final int UNKNOWN = -1;
  private static final int STARTS = 0;
  private static final int LIVES = 1;

  private final long[] bits;
  private final int capacity;
  private final int shift;
  private long innerAddress;
  private long innerSize;
  private long base;
  private int top;
  private int floor;

  /** Where the last block below top starts; UNKNOWN where that would take a search. */
  private int youngest = UNKNOWN;

  private int blocks;
  private boolean marked;

  /** Who was current before this chunk, EMPTY for the first; for a spare chunk, the next spare. */
  private Chunk older = this;

  /** Who was current after this chunk; of no meaning for the current one and for spare ones. */
  private Chunk newer = this;

  /**
   * Makes a chunk without memory, so that nothing can fail once the memory is there.
   *
   * @param capacity its length in granules
   * @param shift the base-2 logarithm of the granule in bytes
   */
  Chunk(int capacity, int shift) {
    this.capacity = capacity;
    this.shift = shift;
    this.bits = new long[wordOf(capacity + 63)];
  }

  /** Gives this chunk its memory; what precedes the first granule is slack. */
  void occupy(long innerAddress, long innerSize) {
    long mask = (1L << shift) - 1;
    this.innerAddress = innerAddress;
    this.innerSize = innerSize;
    this.base = (innerAddress + mask) & ~mask;
  }

  Chunk older() {
    return older;
  }

  /** Becomes current after a chunk, which may be EMPTY. */
  void linkAfter(Chunk current) {
    older = current;
    if (current != EMPTY) {
      current.newer = this;
    }
  }

  /** Leaves those in use; the current chunk never does. */
  void unlink() {
    newer.older = older;
    if (older != EMPTY) {
      older.newer = newer;
    }
  }

  /** Joins the spare ones, before another, which may be EMPTY. */
  void linkSpare(Chunk next) {
    older = next;
  }

  long innerAddress() {
    return innerAddress;
  }

  long innerSize() {
    return innerSize;
  }

  /** {@return the live blocks} */
  int blocks() {
    return blocks;
  }

  /** {@return the granules in use: where the next block begins} */
  int top() {
    return top;
  }

  boolean contains(long address) {
    return Long.compareUnsigned(address - innerAddress, innerSize) < 0;
  }

  /**
   * Hands out the next granules, or returns NULL where the size is none, over half a chunk, or over
   * what is left. No test for a size below 1: it wraps and is over half a chunk. No call between
   * the first change and the last, so that no stack overflow falls in between.
   */
  long bump(long size) {
    int granule = top;
    long granules = (size + (1L << shift) - 1) >>> shift;
    if (Long.compareUnsigned(granules - 1, capacity >>> 1) >= 0 || granules > capacity - granule) {
      return Allocator.NULL;
    }
    if ((granule & 63) + granules > Long.SIZE) {
      return bumpAcrossWords(granule, granule + (int) granules);
    }
    top = granule + (int) granules;
    youngest = granule;
    blocks++;
    int word = granule >>> 6 << 1;
    long first = 1L << granule;
    bits[word] = (bits[word] & ~((-1L >>> -granules) << granule)) | first;
    bits[word | LIVES] |= first;
    return base + ((long) granule << shift);
  }

  private long bumpAcrossWords(int granule, int end) {
    long[] bits = this.bits;
    int word = granule >>> 6 << 1;
    int last = end >>> 6 << 1;
    for (int between = word + 2; between < last; between += 2) {
      bits[between] = 0;
    }
    if ((end & 63) != 0) {
      bits[last] &= -1L << end;
    }
    long first = 1L << granule;
    bits[word] = (bits[word] & ~(-1L << granule)) | first;
    bits[word | LIVES] |= first;
    top = end;
    youngest = granule;
    blocks++;
    return base + ((long) granule << shift);
  }

  /**
   * {@return the granule at which a live block starts, or -1 where the address is none's} No test
   * of the remainder: it rotates to the top and makes the granule huge.
   *
   * @param address any address
   */
  int find(long address) {
    long granule = Long.rotateRight(address - base, shift);
    if (Long.compareUnsigned(granule, top) < 0 && isLive((int) granule)) {
      return (int) granule;
    }
    return -1;
  }

  /** {@return why an address in this chunk, which {@link #find} does not know, cannot be freed} */
  Reason reason(long address) {
    long granule = Long.rotateRight(address - base, shift);
    return Long.compareUnsigned(granule, capacity) < 0
            && (bits[wordOf((int) granule)] & (1L << granule)) != 0
        ? Reason.DOUBLE_FREE
        : Reason.NOT_A_BLOCK;
  }

  /**
   * Frees the live block at a granule; the youngest one's room is there again. What follows the
   * first change without a call is a whole; the retreat then is only better use of the room, and if
   * the stack ends there, the block is free all the same.
   */
  void free(int granule) {
    int left = blocks - 1;
    boolean last = left != 0 && granule >= floor && isYoungest(granule);
    bits[granule >>> 6 << 1 | LIVES] &= ~(1L << granule);
    blocks = left;
    if (left == 0) {
      top = floor;
      youngest = UNKNOWN;
    } else if (last) {
      top = granule;
      youngest = UNKNOWN;
      try {
        retreat();
      } catch (StackOverflowError e) {
        // The caller must not believe that the block is live.
      }
    }
  }

  private boolean isYoungest(int granule) {
    return granule == youngest || (youngest == UNKNOWN && end(granule) == top);
  }

  /**
   * Moves top back over blocks that were freed before their youngers, a word at a time; youngest is
   * UNKNOWN. Looks past one word without a start bit at most, so that a long live block below costs
   * nothing.
   */
  private void retreat() {
    int floorWord = wordOf(floor);
    while (top > floor) {
      int last = top - 1;
      int word = wordOf(last);
      long starts = bits[word] & (-1L >>> ~last);
      if (starts == 0 && word > floorWord) {
        word -= 2;
        starts = bits[word];
      }
      if (word == floorWord) {
        starts &= -1L << floor;
      }
      long live = Long.highestOneBit(bits[word | LIVES]);
      long free = live == 0 ? starts : starts & (-live << 1);
      int first = granuleOf(word);
      int newTop = free == 0 ? top : first + Long.numberOfTrailingZeros(free);
      int newYoungest = live == 0 ? UNKNOWN : first + Long.numberOfTrailingZeros(live);
      top = newTop;
      youngest = newYoungest;
      if (live != 0 || free == 0) {
        return;
      }
    }
  }

  /** {@return whether this chunk has no live block and no mark, so that it need not stay} */
  boolean isIdle() {
    return blocks == 0 && !marked;
  }

  /** Frees every block and forgets every mark; the time is in proportion to what was used. */
  void freeAll() {
    floor = 0;
    marked = false;
    truncate(0);
  }

  /** Starts a mark at top. */
  void mark() {
    floor = top;
    marked = true;
  }

  /**
   * Frees every block that was handed out since a mark, and ends the mark.
   *
   * @param mark where top was
   * @param floor where the mark before it in this chunk is, or -1 where there is none
   */
  void release(int mark, int floor) {
    this.marked = floor >= 0;
    this.floor = Math.max(floor, 0);
    truncate(mark);
    retreat();
  }

  private void truncate(int granule) {
    if (blocks > 0) {
      blocks -= clearLives(granule, top);
    }
    top = blocks == 0 ? floor : granule;
    youngest = UNKNOWN;
  }

  /** {@return the length in granules of the block that starts at a granule} */
  int length(int granule) {
    return end(granule) - granule;
  }

  /** {@return the granules of the live blocks} Any thread may ask. */
  long liveGranules() {
    int top = this.top;
    long granules = 0;
    int live = next(LIVES, 0, top);
    while (live < top) {
      granules += next(STARTS, live + 1, top) - live;
      live = next(LIVES, live + 1, top);
    }
    return granules;
  }

  /** Stores the addresses of the first live blocks from an index on, and returns the next index. */
  int addresses(long[] addresses, int index) {
    int next = index;
    for (int live = next(LIVES, 0, top);
        live < top && next < addresses.length;
        live = next(LIVES, live + 1, top)) {
      addresses[next++] = base + ((long) live << shift);
    }
    return next;
  }

  /** {@return the word with the start bit of a granule; the one with its live bit is the next} */
  private static int wordOf(int granule) {
    return granule >>> 6 << 1;
  }

  /** {@return the first granule whose bit is in a word} */
  private static int granuleOf(int word) {
    return word >>> 1 << 6;
  }

  private boolean isLive(int granule) {
    return (bits[wordOf(granule) | LIVES] & (1L << granule)) != 0;
  }

  private int end(int granule) {
    return next(STARTS, granule + 1, top);
  }

  /** {@return the first granule from the given one on with its bit set, top where there is none} */
  private int next(int lane, int from, int top) {
    if (from >= top) {
      return top;
    }
    int word = wordOf(from) | lane;
    long rest = bits[word] & (-1L << from);
    int last = wordOf(top - 1) | lane;
    while (rest == 0 && word < last) {
      word += 2;
      rest = bits[word];
    }
    return rest == 0 ? top : Math.min(top, granuleOf(word) + Long.numberOfTrailingZeros(rest));
  }

  /** Clears the live bits of some granules and returns how many were set. */
  private int clearLives(int from, int to) {
    int cleared = 0;
    for (int granule = from, end; granule < to; granule = end) {
      end = Math.min(to, (granule | 63) + 1);
      long span = (-1L >>> (granule - end)) << granule;
      int word = wordOf(granule) | LIVES;
      cleared += Long.bitCount(bits[word] & span);
      bits[word] &= ~span;
    }
    return cleared;
  }
}
