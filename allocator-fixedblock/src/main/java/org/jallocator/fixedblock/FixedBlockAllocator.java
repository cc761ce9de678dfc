package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;

/**
 * Serves blocks of one size from pages of the inner allocator.
 *
 * <p>A page is one inner malloc of {@code pageSize} bytes, cut into blocks of {@code blockSize}
 * bytes. One bit a block, on the Java heap, says what is free: nothing is written to native memory,
 * a double free is always found, and taking or giving back a block is a few instructions without a
 * call out of Java. Old pages fill up first and young ones drain; while more than one page is held
 * and three quarters of all blocks are free, pages without a live block go back to the inner.
 *
 * <pre>{@code
 * try (Allocator c = new DefaultAllocator();
 *     Allocator blocks = FixedBlockAllocator.create(c, 64 * 1024, 64, 8)) {
 *   long address = blocks.malloc(48);
 *   blocks.free(address);
 * }
 * }</pre>
 *
 * <p>Price: every block takes {@code blockSize} bytes whatever was asked for, and at least one page
 * stays reserved until closing. On the Java heap, a bit a block and some hundred bytes a page. Not
 * for sizes that vary widely: see {@link SizeClassAllocator}.
 *
 * <p>Confined to its owner thread, the one that made it; if built {@linkplain Builder#shared()
 * shared}: Shared, may block. malloc and free are O(1), however many pages there are; once a page
 * malloc calls the inner's malloc, and free calls the inner's free if a page goes back. After the
 * FixedBlockAllocator of the Go library cgoalloc.
 */
public sealed interface FixedBlockAllocator extends OwningAllocator
    permits ConfinedFixedBlocks, SharedFixedBlocks {

  /**
   * Makes an allocator, with the arguments in the order of cgoalloc.
   *
   * @param inner what pages are taken from; stays open when this allocator closes
   * @param pageSize bytes of a page: a multiple of {@code blockSize}, at most 2²⁴ blocks
   * @param blockSize bytes of a block: a multiple of {@code alignment}
   * @param alignment what every address is a multiple of: bytes, a power of two
   * @return a new allocator, confined to the calling thread
   * @throws IllegalArgumentException if the sizes do not fit together, or a page is more than the
   *     inner serves
   */
  static FixedBlockAllocator create(
      Allocator inner, long pageSize, long blockSize, long alignment) {
    new PageRules(Builder.NAME).requireFixedBlocks(inner, pageSize, blockSize, alignment);
    PageLayout layout = PageLayout.ofFixedBlocks(inner, pageSize, blockSize, alignment);
    PageSource source = new PageSource(Builder.NAME, inner, layout.bytes());
    return new ConfinedFixedBlocks(layout, alignment, source);
  }

  /**
   * {@return a builder with defaults for everything}
   *
   * @param inner what pages are taken from; stays open when the allocator closes
   */
  static Builder builder(Allocator inner) {
    return new Builder(inner);
  }

  /** Makes a {@link FixedBlockAllocator}. Not for use by several threads at once. */
  final class Builder extends PagedBuilder<Builder> {

    static final String NAME = "fixedblock";

    /** The blockSize if none is given, in bytes. */
    static final long DEFAULT_BLOCK_SIZE = 64;

    /** The pageSize to stay below if none is given, in bytes. */
    static final long DEFAULT_PAGE_SIZE = 64 * 1024;

    /** The alignment to stay below if none is given, in bytes: what C's malloc gives. */
    static final long MAX_DEFAULT_ALIGNMENT = 16;

    /** The blocks that a page has at the least if no pageSize is given, unless they are large. */
    private static final long MIN_DEFAULT_BLOCKS = 8;

    /** What a page of at least that many blocks stays below, in bytes. */
    private static final long MAX_DEFAULT_PAGE_SIZE = 1024 * 1024;

    private long blockSize = DEFAULT_BLOCK_SIZE;

    private Builder(Allocator inner) {
      super(inner, 0, 0);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Sets the bytes of a block, {@code 64} if not set.
     *
     * @param blockSize a multiple of the alignment
     * @return this builder
     */
    public Builder blockSize(long blockSize) {
      this.blockSize = blockSize;
      return this;
    }

    /**
     * Sets the bytes of a page. If not set, or set to 0: as many blocks as fit in 64 KiB, but at
     * least 8 as long as they fit in 1 MiB, at least one, and no more than the inner serves.
     *
     * @param pageSize a multiple of the blockSize
     * @return this builder
     */
    public Builder pageSize(long pageSize) {
      this.pageSize = pageSize;
      return this;
    }

    /**
     * Sets what every address is a multiple of. If not set, or set to 0: the largest power of two
     * that divides the blockSize, but at most 16.
     *
     * @param alignment bytes, a power of two
     * @return this builder
     */
    public Builder alignment(long alignment) {
      this.alignment = alignment;
      return this;
    }

    /**
     * {@return a new allocator, confined to the calling thread unless set to be shared}
     *
     * @throws IllegalArgumentException if the sizes do not fit together, or a page is more than the
     *     inner serves
     */
    public FixedBlockAllocator build() {
      requireHeaps(NAME);
      long alignment = this.alignment == 0 ? defaultAlignment() : this.alignment;
      long pageSize = this.pageSize == 0 ? defaultPageSize(alignment) : this.pageSize;
      if (!shared) {
        return create(inner, pageSize, blockSize, alignment);
      }
      new PageRules(NAME).requireFixedBlocks(inner, pageSize, blockSize, alignment);
      PageLayout layout = PageLayout.ofFixedBlocks(inner, pageSize, blockSize, alignment);
      PageSource source = new PageSource(NAME, inner, layout.bytes());
      return new SharedFixedBlocks(layout, alignment, source, heaps);
    }

    private long defaultAlignment() {
      return Math.min(Long.lowestOneBit(blockSize), MAX_DEFAULT_ALIGNMENT);
    }

    private long defaultPageSize(long alignment) {
      long bytes = Math.max(1, blockSize);
      long servable = inner.maxSize() - PageLayout.slack(inner, alignment);
      long least = Math.min(MIN_DEFAULT_BLOCKS, MAX_DEFAULT_PAGE_SIZE / bytes);
      long blocks = Math.max(1, Math.max(least, DEFAULT_PAGE_SIZE / bytes));
      long fitting = Math.max(1, servable / bytes);
      return Math.min(blocks, fitting) * blockSize;
    }
  }
}
