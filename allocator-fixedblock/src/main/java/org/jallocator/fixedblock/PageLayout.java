package org.jallocator.fixedblock;

import org.jallocator.Allocator;

/**
 * How a page is cut: its blocks, and the bytes to ask the inner for. Immutable.
 *
 * <p>Where the inner aligns as well as we do, a page is {@code blocks * blockSize} bytes and no
 * more; elsewhere it asks for the slack that aligning by hand may cost.
 */
final class PageLayout {

  /** The most blocks that a page may have. */
  static final int MAX_BLOCKS = 1 << 24;

  /** Of no blocks and no bytes. */
  static final PageLayout NONE = new PageLayout(0, 1, 0, 1, 0, false);

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

  /**
   * {@return the layout of fixed blocks, having checked how the sizes fit together, and the inner}
   *
   * @throws IllegalArgumentException if they do not
   */
  static PageLayout ofFixedBlocks(Allocator inner, long pageSize, long blockSize, long alignment) {
    String layer = FixedBlockAllocator.NAME;
    require(
        layer,
        blockSize >= 1,
        "blockSize is less than one byte",
        "blockSize",
        blockSize,
        "limit",
        1);
    requireAlignment(layer, alignment);
    require(
        layer,
        blockSize % alignment == 0,
        "blockSize is not a multiple of alignment",
        "blockSize",
        blockSize,
        "alignment",
        alignment);
    require(
        layer,
        pageSize >= blockSize,
        "pageSize is less than blockSize",
        "pageSize",
        pageSize,
        "blockSize",
        blockSize);
    require(
        layer,
        pageSize % blockSize == 0,
        "pageSize is not a multiple of blockSize",
        "pageSize",
        pageSize,
        "blockSize",
        blockSize);
    long count = pageSize / blockSize;
    require(
        layer,
        count <= MAX_BLOCKS,
        "page has too many blocks",
        "pageSize/blockSize",
        count,
        "limit",
        MAX_BLOCKS);
    long limit = inner.maxSize() - slack(inner, alignment);
    require(
        layer,
        pageSize <= limit,
        "pageSize exceeds what the inner serves",
        "pageSize",
        pageSize,
        "limit",
        limit);
    return new PageLayout(
        0,
        blockSize,
        (int) count,
        alignment,
        slack(inner, alignment),
        Long.bitCount(blockSize) == 1);
  }

  /**
   * {@return the layout of a size class}
   *
   * <p>Pages of size classes never leave the multiplication out: with many classes in use, a branch
   * that tells the powers of two from the rest is mispredicted more often than it saves.
   */
  static PageLayout ofSizeClass(
      Allocator inner, int sizeClass, long blockSize, long blocks, long alignment) {
    int count = (int) Math.min(blocks, MAX_BLOCKS);
    return new PageLayout(sizeClass, blockSize, count, alignment, slack(inner, alignment), false);
  }

  static long slack(Allocator inner, long alignment) {
    return Math.max(0, alignment - inner.alignment());
  }

  static void requireAlignment(String layer, long alignment) {
    require(
        layer,
        Long.bitCount(alignment) == 1 && alignment > 0,
        "alignment is not a power of two",
        "alignment",
        alignment,
        "limit",
        1L << 62);
  }

  static void require(
      String layer,
      boolean holds,
      String rule,
      String name,
      long value,
      String limitName,
      long limit) {
    if (!holds) {
      throw new IllegalArgumentException(
          layer + ": " + rule + ": " + name + "=" + value + ", " + limitName + "=" + limit);
    }
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
