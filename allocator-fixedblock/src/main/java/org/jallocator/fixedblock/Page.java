package org.jallocator.fixedblock;

/**
 * Memory taken from the inner allocator and cut into equal blocks, and the set of its free ones.
 *
 * <pre>
 *   start        base                                              start + bytes
 *     | slack     | block 0 | block 1 | …      | block blocks - 1 | slack |
 * </pre>
 *
 * <p>Invariant: {@code free} is the number of members of this set. The blocks of the word that a
 * pool has in hand are not members while they are there.
 */
final class Page extends BitTree {

  /** A page without blocks or bytes, so that no caller asks whether there is one. Never written. */
  static final Page NONE = new Page(levels(1), 0, 0);

  /** What the inner handed out, and how much of it. */
  private long start;

  final long bytes;

  /** The address of the first block. */
  long base;

  final int blocks;

  /** How many members this set has. */
  int free;

  /** This page's place among its pool's pages. */
  int slot;

  /** Makes a page whose blocks are all free, not yet in any memory. */
  Page(int[] levels, long bytes, int blocks) {
    super(levels);
    this.bytes = bytes;
    this.blocks = blocks;
    this.free = blocks;
    fill(blocks);
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
   * {@return the first block from the given one on that is not free; where none is, blocks or more}
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

  boolean spans(long address) {
    return Long.compareUnsigned(address - start, bytes) < 0;
  }
}
