package org.jallocator.fixedblock;

/**
 * Memory taken from the inner allocator and cut into equal blocks, and the set of its free ones.
 *
 * <pre>
 *   start        base                                              start + bytes
 *     | slack     | block 0 | block 1 | …      | block blocks - 1 | slack |
 * </pre>
 *
 * <p>The levels above the words hold the word that a pool has in hand for empty.
 */
class Page extends BitTree {

  /** A page without blocks or bytes, so that no caller asks whether there is one. Never written. */
  static final Page NONE = new Page();

  /** Another of that kind, for a place where a page was. */
  static final Page GONE = new Page();

  static final int NO_WORD = -1;

  /** The address of the first block. */
  long base;

  /** A block's bytes are {@code odd << shift}; this is odd's inverse modulo 2⁶⁴. */
  private final long inverse;

  private final int shift;

  final int blocks;

  /** How many words of bits the blocks take. */
  final int wordCount;

  /** How many of them have no live block, the word in hand aside. */
  int fullWords;

  /** The word of this page that its pool has in hand, or {@link #NO_WORD}. */
  int handWord = NO_WORD;

  /** This page's place among its pool's pages. */
  int slot;

  /** Whose page this is. */
  final BlockPool pool;

  /** What the inner handed out, and how much of it. */
  private long start;

  final long bytes;

  /** Makes a page whose blocks are all free, not yet in any memory. */
  Page(PageLayout layout, BlockPool pool) {
    super(layout.levels());
    this.pool = pool;
    this.inverse = layout.inverse();
    this.shift = layout.shift();
    this.blocks = layout.blocks();
    this.bytes = layout.bytes();
    this.wordCount = (blocks + Long.SIZE - 1) >>> 6;
    this.fullWords = wordCount;
    fill(blocks);
  }

  /** Makes a page of no pool but an empty one. */
  private Page() {
    super(PageLayout.NONE.levels());
    this.pool = new BlockPool(this);
    this.inverse = 1;
    this.shift = 0;
    this.blocks = 0;
    this.bytes = 0;
    this.wordCount = 0;
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
    return Long.rotateRight((address - base) * inverse, shift);
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

  /** {@return what a word is when its blocks are all free} */
  final long fullWord(int word) {
    return word == wordCount - 1 ? -1L >>> -blocks : -1L; // a shift by 0 where the last is whole
  }

  /** {@return whether a word has no live block} */
  final boolean isFull(int word) {
    return words[word] == fullWord(word);
  }

  final boolean spans(long address) {
    return Long.compareUnsigned(address - start, bytes) < 0;
  }
}
