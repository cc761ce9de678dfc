package org.jallocator.fixedblock;

import org.jallocator.Allocator;

/**
 * How a page is cut: its blocks, and the bytes to ask the inner for. Immutable.
 *
 * <p>If the inner aligns as well as this layer, a page is {@code blocks * blockSize} bytes and no
 * more; otherwise it has slack, so that the first block can be aligned.
 */
final class PageLayout {

  /** Of no blocks and no bytes. */
  static final PageLayout NONE = new PageLayout(0, 1, 0, 1, 0, false);

  /** Of one word of blocks, for {@link Rehearsal}. */
  static final PageLayout ONE_WORD = new PageLayout(0, Long.SIZE, Long.SIZE, 1, 0, false);

  private final int sizeClass;
  private final long blockSize;
  private final int blocks;
  private final long alignment;
  private final long bytes;
  private final boolean shiftOnly;
  private final int[] levels;

  private PageLayout(
      int sizeClass, long blockSize, int blocks, long alignment, long slack, boolean shiftOnly) {
    this.sizeClass = sizeClass;
    this.blockSize = blockSize;
    this.blocks = blocks;
    this.alignment = alignment;
    this.bytes = blocks * blockSize + slack;
    this.shiftOnly = shiftOnly;
    this.levels = BitTree.levels(Math.max(1, blocks));
  }

  /** {@return the layout of fixed blocks, whose sizes fit together: see {@link PageRules}} */
  static PageLayout ofFixedBlocks(Allocator inner, long pageSize, long blockSize, long alignment) {
    return new PageLayout(
        0,
        blockSize,
        (int) (pageSize / blockSize),
        alignment,
        slack(inner, alignment),
        Long.bitCount(blockSize) == 1);
  }

  /**
   * {@return the layout of a size class}
   *
   * <p>Pages of size classes never leave the multiplication out: with many classes in use, a branch
   * for powers of two is mispredicted more often than it saves.
   */
  static PageLayout ofSizeClass(
      Allocator inner, int sizeClass, long blockSize, long blocks, long alignment) {
    int count = (int) Math.min(blocks, PageRules.MAX_BLOCKS);
    return new PageLayout(sizeClass, blockSize, count, alignment, slack(inner, alignment), false);
  }

  /** {@return the bytes to ask for beside the blocks, so that the first can be aligned} */
  static long slack(Allocator inner, long alignment) {
    return Math.max(0, alignment - inner.alignment());
  }

  int sizeClass() {
    return sizeClass;
  }

  long blockSize() {
    return blockSize;
  }

  int blocks() {
    return blocks;
  }

  /** {@return the bytes that a page asks the inner for} */
  long bytes() {
    return bytes;
  }

  /** {@return the power of two in blockSize, as a shift} */
  int shift() {
    return Long.numberOfTrailingZeros(blockSize);
  }

  /** {@return the inverse modulo 2⁶⁴ of what blockSize is without its power of two} */
  long inverse() {
    return ExactDivision.inverse(blockSize >>> shift());
  }

  /** {@return whether indexes are found by a shift alone, without a multiplication} */
  boolean shiftOnly() {
    return shiftOnly;
  }

  /** {@return where the levels of a page's bits begin} */
  int[] levels() {
    return levels;
  }

  /** {@return the address of the first block of a page that the inner put at {@code start}} */
  long base(long start) {
    return start + alignment - 1 & -alignment;
  }
}
