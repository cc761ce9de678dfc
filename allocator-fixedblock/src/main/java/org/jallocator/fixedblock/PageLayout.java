package org.jallocator.fixedblock;

import org.jallocator.Allocator;

/**
 * How a page is cut: its blocks, and the bytes to ask the inner for. Immutable.
 *
 * <p>Where the inner aligns as well as we do, a page is {@code pageSize} bytes and no more;
 * elsewhere it asks for the slack that aligning by hand may cost.
 */
final class PageLayout {

  /** The most blocks that a page may have. */
  static final int MAX_BLOCKS = 1 << 24;

  private final long blockSize;
  private final int blocks;
  private final long alignment;
  private final long bytes;
  private final int[] levels;

  /**
   * Checks how the sizes fit together, and the inner.
   *
   * @throws IllegalArgumentException if they do not
   */
  PageLayout(Allocator inner, long pageSize, long blockSize, long alignment) {
    require(blockSize >= 1, "blockSize is less than one byte", "blockSize", blockSize, "limit", 1);
    require(
        Long.bitCount(alignment) == 1 && alignment > 0,
        "alignment is not a power of two",
        "alignment",
        alignment,
        "limit",
        1L << 62);
    require(
        blockSize % alignment == 0,
        "blockSize is not a multiple of alignment",
        "blockSize",
        blockSize,
        "alignment",
        alignment);
    require(
        pageSize >= blockSize,
        "pageSize is less than blockSize",
        "pageSize",
        pageSize,
        "blockSize",
        blockSize);
    require(
        pageSize % blockSize == 0,
        "pageSize is not a multiple of blockSize",
        "pageSize",
        pageSize,
        "blockSize",
        blockSize);
    long count = pageSize / blockSize;
    require(
        count <= MAX_BLOCKS,
        "page has too many blocks",
        "pageSize/blockSize",
        count,
        "limit",
        MAX_BLOCKS);
    long slack = Math.max(0, alignment - inner.alignment());
    require(
        pageSize <= inner.maxSize() - slack,
        "pageSize exceeds what the inner serves",
        "pageSize",
        pageSize,
        "limit",
        inner.maxSize() - slack);
    this.blockSize = blockSize;
    this.blocks = (int) count;
    this.alignment = alignment;
    this.bytes = pageSize + slack;
    this.levels = BitTree.levels(blocks);
  }

  private static void require(
      boolean holds, String rule, String name, long value, String limitName, long limit) {
    if (!holds) {
      throw new IllegalArgumentException(
          FixedBlockAllocator.NAME
              + ": "
              + rule
              + ": "
              + name
              + "="
              + value
              + ", "
              + limitName
              + "="
              + limit);
    }
  }

  long blockSize() {
    return blockSize;
  }

  /** {@return the bytes that a page asks the inner for} */
  long bytes() {
    return bytes;
  }

  /** {@return a page whose blocks are all free, not yet in any memory} */
  Page unplacedPage() {
    return new Page(levels, bytes, blocks);
  }

  /** {@return the address of the first block of a page that the inner put at {@code start}} */
  long base(long start) {
    return start + alignment - 1 & -alignment;
  }
}
