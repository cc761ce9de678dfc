package org.jallocator.fixedblock;

/**
 * Memory taken from the inner allocator and cut into equal blocks, and the set of its free ones.
 *
 * <pre>
 *   start        base                                              start + bytes
 *     | slack     | block 0 | block 1 | …      | block blocks - 1 | slack |
 * </pre>
 *
 * <p>The word that a pool has in hand is not of this set while it is there: the levels above the
 * words hold it for empty, and {@code free} does not count it.
 */
class Page extends BitTree {

  /** A page without blocks or bytes, so that no caller asks whether there is one. Never written. */
  static final Page NONE = new Page(PageLayout.NONE);

  static final int NO_WORD = -1;

  /** The address of the first block. */
  long base;

  /** A block's bytes are {@code odd << shift}; this is odd's inverse modulo 2⁶⁴. */
  private final long inverse;

  private final int shift;

  /** Whether {@link #index} may leave out the multiplication. */
  private final boolean shiftOnly;

  final int blocks;

  /** How many members this set has, the word in hand aside. */
  int free;

  /** The {@link #free} at which no block is live, the word in hand aside. */
  int wholeAt;

  /** The word of this page that its pool has in hand, or {@link #NO_WORD}. */
  int handWord = NO_WORD;

  /** This page's place among its pool's pages. */
  int slot;

  /** The index of the pool whose page this is. */
  final int sizeClass;

  /** What the inner handed out, and how much of it. */
  private long start;

  final long bytes;

  /** Makes a page whose blocks are all free, not yet in any memory. */
  Page(PageLayout layout) {
    super(layout.levels());
    this.inverse = layout.inverse();
    this.shift = layout.shift();
    this.shiftOnly = layout.shiftOnly();
    this.blocks = layout.blocks();
    this.bytes = layout.bytes();
    this.sizeClass = layout.sizeClass();
    this.free = blocks;
    this.wholeAt = blocks;
    fill(blocks);
  }

  /** Puts this page into memory. */
  final void place(long start, long base) {
    this.start = start;
    this.base = base;
  }

  final long start() {
    return start;
  }

  /**
   * {@return the index of the block at an address; negative or {@link #blocks} or more where no
   * block of this page starts}
   */
  final long index(long address) {
    long offset = address - base;
    return Long.rotateRight(shiftOnly ? offset : offset * inverse, shift);
  }

  /**
   * {@return the first block from the given one on that is not free; where none is, blocks or more}
   */
  final int nextLive(int from) {
    int block = from;
    while (block < blocks) {
      long live = ~words[block >>> 6] >>> block;
      if (live != 0) {
        return block + Long.numberOfTrailingZeros(live);
      }
      block = (block | 63) + 1;
    }
    return block;
  }

  /** {@return a word whose bits are the blocks of word {@code index}} */
  final long allOf(int index) {
    return lowBits(blocks - (index << 6));
  }

  final boolean spans(long address) {
    return Long.compareUnsigned(address - start, bytes) < 0;
  }
}
