package org.jallocator.fixedblock;

import org.jspecify.annotations.Nullable;

/**
 * Memory taken from the inner allocator and cut into equal blocks, and the set of its free ones.
 *
 * <pre>
 *   start        base                                              start + bytes
 *     | slack     | block 0 | block 1 | …      | block blocks - 1 | slack |
 * </pre>
 *
 * <p>Invariants, between two calls of its pool:
 *
 * <pre>
 *   bit i of words          = 1 iff block i is free; those of the active word are in the pool
 *   bit w of summary levels = 1 if words[w] != 0 and w is not the active word: w is marked. It may
 *                             stay marked after the magazine took the last one, until refill clears it
 *   allFreeWords            = how many words have no live block, the active word not counted
 *   a block is live         iff it is free neither here nor in remote
 * </pre>
 *
 * <p>Who writes: {@code base} and {@code start} once, by the thread that takes the page, before the
 * page is published in the {@link PageTable}; {@code remote} any thread; all else the thread that
 * works on the heap.
 */
final class Page {

  /** A page without blocks or bytes, so that no caller asks whether there is one. Never written. */
  static final Page NONE = new Page();

  /** Another of that kind, for a place where a page was. */
  static final Page GONE = new Page();

  /** Stands for no word. */
  static final int NO_WORD = -1;

  /** The place of a page that no pool has. */
  static final int NO_SLOT = -1;

  /** The address of the first block. */
  long base;

  /** A block's bytes are {@code odd << shift}; this is odd's inverse modulo 2⁶⁴. */
  private final long inverse;

  private final int shift;

  final int blocks;

  /** The words of {@link #free}, level 0 first: a load less on the way to a bit. */
  final long[] words;

  /** The free blocks. */
  final BitTree free;

  /** How many words of bits the blocks take. */
  final int wordCount;

  /** How many of them have no live block, the active word not counted. */
  int allFreeWords;

  /** The word of this page that its pool hands out, or {@link #NO_WORD}. */
  int activeWord = NO_WORD;

  /** How often bits began to move, and ended; odd meanwhile: see {@link BlockPool}. */
  int moves;

  /** This page's place among its pool's pages, or {@link #NO_SLOT}. */
  int slot = NO_SLOT;

  /** Whose page this is. */
  final BlockPool pool;

  /**
   * The pool's heap; null only in a confined allocator. Whoever frees a block asks for it here: the
   * pool's fields lie next to what its owner writes all the time.
   */
  final @Nullable Heap heap;

  /** Whether that heap is common. */
  final boolean common;

  /** The blocks that were freed remotely; of no words in a confined allocator. */
  final RemoteFrees remote;

  /** The page below this one in a list of pages that go back; {@link #NONE} is the end. */
  Page nextDetached;

  /** What the inner handed out, and how much of it. */
  private long start;

  final long bytes;

  /** Makes a page whose blocks are all free, not yet in any memory. */
  private Page(PageLayout layout, BlockPool pool, boolean shared) {
    this.free = new BitTree(layout.levels());
    this.words = free.words;
    this.pool = pool;
    this.heap = pool.heap;
    this.common = heap != null && heap.common;
    this.inverse = layout.inverse();
    this.shift = layout.shift();
    this.blocks = layout.blocks();
    this.bytes = layout.bytes();
    this.wordCount = (blocks + Long.SIZE - 1) >>> 6;
    this.allFreeWords = wordCount;
    this.remote = new RemoteFrees(this, shared ? wordCount : 0);
    this.nextDetached = this;
    free.fill(blocks);
  }

  /** Makes a page of no pool but an empty one. */
  private Page() {
    this.free = new BitTree(PageLayout.NONE.levels());
    this.words = free.words;
    this.pool = new BlockPool(this);
    this.heap = null;
    this.common = false;
    this.inverse = 1;
    this.shift = 0;
    this.blocks = 0;
    this.bytes = 0;
    this.wordCount = 0;
    this.remote = new RemoteFrees(this, 1);
    this.nextDetached = this;
  }

  /** {@return a page of a confined allocator, whose blocks are all free, in no memory yet} */
  static Page confined(PageLayout layout, BlockPool pool) {
    return new Page(layout, pool, false);
  }

  /** {@return a page of a shared allocator, whose blocks are all free, in no memory yet} */
  static Page shared(PageLayout layout, BlockPool pool) {
    return new Page(layout, pool, true);
  }

  /** {@return the heap whose page this is} Only of a shared allocator. */
  @SuppressWarnings("NullAway") // pages of shared allocators have heaps
  Heap heap() {
    return heap;
  }

  /** Puts this page into memory. */
  void place(long start, long base) {
    this.start = start;
    this.base = base;
  }

  long start() {
    return start;
  }

  /**
   * {@return the index of the block at an address; negative or {@link #blocks} or more if no block
   * of this page starts there}
   */
  long index(long address) {
    return Long.rotateRight((address - base) * inverse, shift);
  }

  /**
   * {@return the first block from the given one on that is not free; blocks or more if there is
   * none}
   */
  int nextLive(int from) {
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

  /** {@return how many blocks are live, remote frees not counted} */
  long liveCount() {
    long free = 0;
    for (int word = 0; word < wordCount; word++) {
      free += Long.bitCount(words[word]);
    }
    return blocks - free;
  }

  /** {@return what a word is when its blocks are all free} */
  long allFree(int word) {
    // Without a branch, which could not be foreseen. A shift by 0 if the last word is complete.
    return -1L >>> (-blocks & ~((word - wordCount + 1) >> 31));
  }

  /** {@return whether a word has no live block} */
  boolean isAllFree(int word) {
    return words[word] == allFree(word);
  }

  /** {@return whether no word but the active one is marked as one that has a free block} */
  boolean isFull() {
    return free.isEmpty();
  }

  /** {@return whether a word is marked as one that has a free block} */
  boolean isMarked(int word) {
    return (words[wordCount + (word >>> 6)] >>> word & 1) != 0; // level 1 follows level 0
  }

  /** {@return whether a block is free, and another of its word is live} For any index from 0 on. */
  boolean isFreeBesideLive(int index) {
    if (index >= blocks) {
      return false;
    }
    long free = words[index >>> 6];
    return (free >>> index & 1) != 0 && free != allFree(index >>> 6);
  }

  /** {@return whether an address is in this page's memory} */
  boolean spans(long address) {
    return Long.compareUnsigned(address - start, bytes) < 0;
  }
}
