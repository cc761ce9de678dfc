package org.jallocator.fixedblock;

import org.jallocator.Allocator;

/** How the sizes of pages and blocks must fit together. All sizes are in bytes. */
final class PageRules {

  /** The most blocks that a page may have. */
  static final int MAX_BLOCKS = 1 << 24;

  private final String layerName;

  PageRules(String layerName) {
    this.layerName = layerName;
  }

  /**
   * Checks the sizes of fixed blocks.
   *
   * @throws IllegalArgumentException if they do not fit together, or a page is more than the inner
   *     serves
   */
  void requireFixedBlocks(Allocator inner, long pageSize, long blockSize, long alignment) {
    require(blockSize >= 1, "blockSize is less than one byte", "blockSize", blockSize, 1);
    requireAlignment(alignment);
    require(
        layerName,
        blockSize % alignment == 0,
        "blockSize is not a multiple of alignment",
        "blockSize",
        blockSize,
        "alignment",
        alignment);
    require(
        layerName,
        pageSize >= blockSize,
        "pageSize is less than blockSize",
        "pageSize",
        pageSize,
        "blockSize",
        blockSize);
    require(
        layerName,
        pageSize % blockSize == 0,
        "pageSize is not a multiple of blockSize",
        "pageSize",
        pageSize,
        "blockSize",
        blockSize);
    long count = pageSize / blockSize;
    require(
        count <= MAX_BLOCKS, "page has too many blocks", "pageSize/blockSize", count, MAX_BLOCKS);
    long limit = inner.maxSize() - PageLayout.slack(inner, alignment);
    require(
        pageSize <= limit, "pageSize exceeds what the inner serves", "pageSize", pageSize, limit);
  }

  void requireAlignment(long alignment) {
    require(
        Long.bitCount(alignment) == 1 && alignment > 0,
        "alignment is not a power of two",
        "alignment",
        alignment,
        1L << 62);
  }

  void require(boolean holds, String rule, String name, long value, long limit) {
    require(layerName, holds, rule, name, value, "limit", limit);
  }

  static void require(
      String layerName,
      boolean holds,
      String rule,
      String name,
      long value,
      String limitName,
      long limit) {
    if (!holds) {
      throw new IllegalArgumentException(
          layerName + ": " + rule + ": " + name + "=" + value + ", " + limitName + "=" + limit);
    }
  }
}
