package org.jallocator.large;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jallocator.Allocator;

/**
 * The books of the held blocks of one stripe: where each one lies, whether it is live or kept, and
 * for how long it has been kept. Has no lock, and never calls the inner.
 *
 * <pre>
 *            slot    0 … 228   229   230   231  …
 *   address             -       a     b     c        what the user has
 *   start               -       a'    b'    c'       what the inner has; lower by the padding's part
 *   asked               0      100  -5000   0        &gt; 0 live: the size; &lt; 0 kept: the last size;
 *   since               -       -     17    -        0 vacant. When the block was freed
 *   older, newer       ●●●      -    ●●●    ●        rings of kept blocks; older: chain of vacant slots
 * </pre>
 *
 * <p>The kept blocks of each size class are a ring in the order of {@code since}, which begins and
 * ends at the slot that has the number of the class. So a ring is never empty, and taking its
 * newest block or adding one has no case of its own. A malloc takes the newest block of its class.
 * The block that was unused longest is the oldest of some ring.
 *
 * <p>Invariants, with {@code bytes = length + padding}:
 *
 * <pre>
 *   liveBlocks = count of asked &gt; 0          liveBytes = their length
 *   kept       = sum of bytes over asked &lt; 0
 * </pre>
 *
 * <p><b>Errors in the middle.</b> The arrays, rings and figures are changed by plain stores without
 * a call between the first and the last, so that no StackOverflowError can come between them. The
 * index can be made anew from the arrays: {@code stale} is set before a change of it and cleared
 * after that. What the index finds is right also if it is stale, since the arrays decide; what it
 * does not find may be there all the same.
 *
 * <p>One thread at a time writes the figures, and any thread reads them. The two that each malloc
 * and free changes are not volatile: volatile stores would cost more than the rest of the method.
 * Other threads read them by {@link #liveBlocks()} and {@link #liveBytes()}.
 *
 * <p>Price on the Java heap: 56 bytes a block, and 16 to 32 for the tables of the index; the arrays
 * never shrink.
 */
class Books extends FrontPadding {

  /** No slot: that of a class, which is never live. */
  static final int NONE = 0;

  private static final VarHandle LIVE_BLOCKS;
  private static final VarHandle LIVE_BYTES;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      LIVE_BLOCKS = lookup.findVarHandle(Books.class, "liveBlocks", long.class);
      LIVE_BYTES = lookup.findVarHandle(Books.class, "liveBytes", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final int FIRST_BLOCK = SizeClasses.COUNT;
  private static final int MIN_BLOCKS = 16;
  private static final int MAX_SLOTS = 1 << 29;

  final long padding;

  /** The bytes that a block of each class has for the user. */
  private final long[] lengths;

  /** How many bytes may be kept; stripes lend it to each other. */
  long allowance;

  long[] address;
  long[] start;
  long[] asked;
  long[] since;
  int[] older;
  int[] newer;

  /** The first vacant slot, or NONE. */
  int vacant;

  private BlockIndex index;

  /** Whether the last change of the index was cut short. */
  boolean stale;

  /** Bytes of the kept blocks. */
  long kept;

  /** The time of the next free, in frees. */
  long clock;

  long liveBlocks;
  long liveBytes;

  /**
   * Makes empty books.
   *
   * @param lengths the bytes that a block of each class has for the user
   * @param padding bytes that each block has beyond its length
   * @param allowance bytes to keep at the most, for the present
   */
  Books(long[] lengths, long padding, long allowance) {
    this.lengths = lengths;
    this.padding = padding;
    this.allowance = allowance;
    int slots = FIRST_BLOCK + MIN_BLOCKS;
    address = new long[slots];
    start = new long[slots];
    asked = new long[slots];
    since = new long[slots];
    older = new int[slots];
    newer = new int[slots];
    for (int i = 0; i < FIRST_BLOCK; i++) {
      older[i] = i;
      newer[i] = i;
    }
    chainVacant(older, FIRST_BLOCK);
    vacant = FIRST_BLOCK;
    index = new BlockIndex(slots, MIN_BLOCKS);
  }

  private static void chainVacant(int[] older, int first) {
    for (int i = first; i < older.length - 1; i++) {
      older[i] = i + 1;
    }
    older[older.length - 1] = NONE;
  }

  /** {@return how many blocks are live} Any thread may ask. */
  final long liveBlocks() {
    return (long) LIVE_BLOCKS.getOpaque(this);
  }

  /** {@return the length of all live blocks, in bytes} Any thread may ask. */
  final long liveBytes() {
    return (long) LIVE_BYTES.getOpaque(this);
  }

  /** {@return the length of a block for a size, in bytes} */
  final long length(long size) {
    return lengths[SizeClasses.of(size)];
  }

  /** {@return what is asked of the inner for a size, in bytes} */
  final long bytes(long size) {
    return length(size) + padding;
  }

  /**
   * {@return a kept block, made live, or NULL iff none is kept for that size}
   *
   * @param size in bytes, within the limits
   */
  final long take(long size) {
    int ring = SizeClasses.of(size);
    int[] older = this.older;
    int slot = older[ring];
    if (slot == ring) {
      return Allocator.NULL;
    }
    long taken = address[slot];
    long length = lengths[ring];
    long blocks = liveBlocks + 1;
    long bytes = liveBytes + length;
    int next = older[slot];
    // No call from here on.
    older[ring] = next;
    newer[next] = ring;
    asked[slot] = size;
    kept -= length + padding;
    liveBlocks = blocks;
    liveBytes = bytes;
    return taken;
  }

  /** {@return whether a block is kept for a size} */
  final boolean keeps(long size) {
    int ring = SizeClasses.of(size);
    return older[ring] != ring;
  }

  /**
   * Moves a block that is kept for a size to other books, where it is live.
   *
   * @return its address
   * @throws OutOfMemoryError if the Java heap has no room for more slots; nothing has changed
   */
  final long moveTo(Books other, long size) {
    int ring = SizeClasses.of(size);
    long length = lengths[ring];
    int slot = older[ring];
    int target = other.takeVacant();
    boolean moved = false;
    try {
      long blocks = other.liveBlocks + 1;
      long bytes = other.liveBytes + length;
      detach(slot);
      // No call until the block is in the other books.
      long taken = address[slot];
      boolean wasStale = other.stale;
      other.stale = true;
      other.start[target] = start[slot];
      other.address[target] = taken;
      other.asked[target] = size;
      other.liveBlocks = blocks;
      other.liveBytes = bytes;
      moved = true;
      address[slot] = Allocator.NULL;
      older[slot] = vacant;
      vacant = slot;
      other.enter(target, wasStale);
      return taken;
    } finally {
      if (!moved) {
        other.older[target] = other.vacant;
        other.vacant = target;
      }
    }
  }

  /** {@return whether a slot had a live block that there was room to keep, and that is kept now} */
  final boolean keep(int slot) {
    return keep(slot, allowance);
  }

  /**
   * As {@link #keep(int)}.
   *
   * @param limit how many bytes may be kept then
   */
  final boolean keep(int slot, long limit) {
    long size = asked[slot];
    if (size <= 0) {
      return false;
    }
    int ring = SizeClasses.of(size);
    long length = lengths[ring];
    if (length + padding > limit - kept) {
      return false;
    }
    long blocks = liveBlocks - 1;
    long bytes = liveBytes - length;
    int newest = older[ring];
    // No call from here on.
    asked[slot] = -size;
    older[slot] = newest;
    newer[slot] = ring;
    newer[newest] = slot;
    older[ring] = slot;
    since[slot] = clock++;
    kept += length + padding;
    liveBlocks = blocks;
    liveBytes = bytes;
    return true;
  }

  /** {@return the slot of the held block that has an address, or NONE; if stale, maybe NONE} */
  final int find(long address) {
    return index.find(this.address, address);
  }

  /** {@return the slot of the held block that has an address, or NONE} */
  final int findSurely(long address) {
    refresh();
    return find(address);
  }

  /** {@return whether an address lies in a held block or in its padding} */
  final boolean holds(long address) {
    refresh();
    return index.holds(start, address);
  }

  /** {@return the slot of the block that was kept longest, or NONE iff none is kept} */
  final int oldest() {
    int oldest = NONE;
    for (int ring = 0; ring < FIRST_BLOCK; ring++) {
      int slot = newer[ring];
      if (slot != ring && (oldest == NONE || since[slot] < since[oldest])) {
        oldest = slot;
      }
    }
    return oldest;
  }

  /**
   * Takes a vacant slot out of its chain; the caller puts it back or fills it.
   *
   * @throws OutOfMemoryError if the Java heap has no room for more slots; nothing has changed
   */
  final int takeVacant() {
    if (vacant == NONE) {
      grow();
    }
    int slot = vacant;
    vacant = older[slot];
    return slot;
  }

  private void grow() {
    int slots = address.length;
    int blocks = 2 * (slots - FIRST_BLOCK);
    if (FIRST_BLOCK + blocks > MAX_SLOTS) {
      throw new OutOfMemoryError(
          LargeBlockAllocator.NAME
              + ": too many blocks: blocks="
              + blocks
              + ", limit="
              + (MAX_SLOTS - FIRST_BLOCK));
    }
    long[] address = Arrays.copyOf(this.address, FIRST_BLOCK + blocks);
    long[] start = Arrays.copyOf(this.start, address.length);
    long[] asked = Arrays.copyOf(this.asked, address.length);
    long[] since = Arrays.copyOf(this.since, address.length);
    int[] older = Arrays.copyOf(this.older, address.length);
    int[] newer = Arrays.copyOf(this.newer, address.length);
    BlockIndex index = new BlockIndex(address.length, blocks);
    chainVacant(older, slots);
    // No call from here on.
    this.address = address;
    this.start = start;
    this.asked = asked;
    this.since = since;
    this.older = older;
    this.newer = newer;
    this.index = index;
    this.vacant = slots;
    this.stale = true;
  }

  /** Makes the index anew if its last change was cut short. */
  private void refresh() {
    if (stale) {
      index.clear();
      for (int slot = FIRST_BLOCK; slot < asked.length; slot++) {
        if (asked[slot] != 0) {
          addToIndex(slot);
        }
      }
      stale = false;
    }
  }

  /**
   * Brings the index up to date after a block has come into the arrays.
   *
   * @param wasStale whether it was stale before that
   */
  final void enter(int slot, boolean wasStale) {
    if (wasStale) {
      refresh();
    } else {
      addToIndex(slot);
      stale = false;
    }
  }

  private void addToIndex(int slot) {
    index.add(address, start, slot, bytes(Math.abs(asked[slot])));
  }

  /**
   * Takes a held block out of the index and, if it is kept, out of its ring, before the inner is
   * called with it. Then only the caller has it; of the figures only {@code kept} changes.
   */
  final void detach(int slot) {
    refresh();
    long size = asked[slot];
    long bytes = bytes(Math.abs(size));
    stale = true;
    index.remove(address, slot);
    int before = newer[slot];
    int after = older[slot];
    // No call from here on.
    if (size < 0) {
      older[before] = after;
      newer[after] = before;
      kept -= bytes;
    }
    asked[slot] = 0;
    stale = false;
  }

  /**
   * Writes the addresses of live blocks into an array, in the order of their slots.
   *
   * @param from the index of the first one
   * @return the index after the last one
   */
  final int copyLive(long[] live, int from) {
    int count = from;
    for (int slot = FIRST_BLOCK; slot < asked.length && count < live.length; slot++) {
      if (asked[slot] > 0) {
        live[count++] = address[slot];
      }
    }
    return count;
  }

  /** {@return the slot of a live block from a slot on, or NONE iff there is none} */
  final int firstLive(int from) {
    for (int slot = Math.max(from, FIRST_BLOCK); slot < asked.length; slot++) {
      if (asked[slot] > 0) {
        return slot;
      }
    }
    return NONE;
  }
}
