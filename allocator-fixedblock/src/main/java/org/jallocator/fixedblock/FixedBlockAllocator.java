package org.jallocator.fixedblock;

import org.jallocator.Allocator;

/**
 * Serves blocks of one size from pages of the inner allocator.
 *
 * <p>A page is one inner malloc of {@code pageSize} bytes, cut into blocks of {@code blockSize}
 * bytes. What is free is kept as one bit a block on the Java heap: nothing is written to native
 * memory, a double free is always found, and taking or giving back a block is a few instructions
 * without a call out of Java. Old pages fill up first and young ones drain; while more than one
 * page is held and three quarters of all blocks are free, pages without a live block go back to the
 * inner.
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
 * <p>Confined to its owner thread, the one that made it; where built {@linkplain Builder#shared()
 * shared}: Shared, never blocks. After the reference's FixedBlockAllocator (the Go library
 * cgoalloc).
 */
public final class FixedBlockAllocator extends PagedAllocator {

  static final String NAME = "fixedblock";

  /** All blocks, where confined. */
  private final LonePool pool;

  private FixedBlockAllocator(
      Allocator inner, long pageSize, long blockSize, long alignment, boolean shared, int stripes) {
    this(
        inner,
        PageLayout.ofFixedBlocks(inner, pageSize, blockSize, alignment),
        alignment,
        shared,
        stripes);
  }

  private FixedBlockAllocator(
      Allocator inner, PageLayout layout, long alignment, boolean shared, int stripes) {
    this(inner, layout, new LonePool(NAME, layout), alignment, shared, stripes);
  }

  private FixedBlockAllocator(
      Allocator inner,
      PageLayout layout,
      LonePool pool,
      long alignment,
      boolean shared,
      int stripes) {
    super(
        "blockSize",
        layout.blockSize(),
        alignment,
        Core.ofOne(NAME, inner, layout, pool, shared, stripes));
    this.pool = pool;
  }

  /**
   * Makes an allocator, with the arguments in the reference's order.
   *
   * @param inner what pages are taken from; stays open when this allocator closes
   * @param pageSize bytes of a page: a multiple of {@code blockSize}, at most 2²⁴ blocks
   * @param blockSize bytes of a block: a multiple of {@code alignment}
   * @param alignment what every address is a multiple of: bytes, a power of two
   * @return a new allocator, confined to the calling thread
   * @throws IllegalArgumentException if the sizes do not fit together, or a page is more than the
   *     inner serves
   */
  public static FixedBlockAllocator create(
      Allocator inner, long pageSize, long blockSize, long alignment) {
    return new FixedBlockAllocator(inner, pageSize, blockSize, alignment, false, 0);
  }

  /**
   * {@return a builder with defaults for everything}
   *
   * @param inner what pages are taken from; stays open when the allocator closes
   */
  public static Builder builder(Allocator inner) {
    return new Builder(inner);
  }

  @Override
  long take(long size) {
    if (size < 1 || size > maxSize) {
      return NULL;
    }
    SharedCore shared = this.shared;
    if (shared != null) {
      return shared.take(0);
    }
    return Thread.currentThread() == owner ? pool.take() : NULL;
  }

  @Override
  boolean give(long address) {
    SharedCore shared = this.shared;
    if (shared != null) {
      return shared.give(address);
    }
    return Thread.currentThread() == owner && pool.give(address, table);
  }

  @Override
  int sizeClass(long size) {
    return 0;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. As {@link
   * #tryFree(long)}, and any size that fits a block is taken.
   */
  @Override
  public boolean tryFree(long address, long size) {
    if (size < 1 || size > maxSize) {
      core.requireSize(address, -1, size);
    }
    return tryFree(address);
  }

  @Override
  public String toString() {
    return NAME
        + "(blockSize="
        + maxSize
        + ", alignment="
        + alignment()
        + (isShared() ? ", shared=true)" : ")");
  }

  /** Makes a {@link FixedBlockAllocator}. Not for use by several threads at once. */
  public static final class Builder {

    /** The blockSize where none is given, in bytes. */
    static final long DEFAULT_BLOCK_SIZE = 64;

    /** The pageSize to stay below where none is given, in bytes. */
    static final long DEFAULT_PAGE_SIZE = 64 * 1024;

    /** The alignment to stay below where none is given, in bytes: what C's malloc gives. */
    static final long MAX_DEFAULT_ALIGNMENT = 16;

    /** The blocks that a page has at the least where no pageSize is given. */
    private static final long MIN_DEFAULT_BLOCKS = 8;

    private final Allocator inner;
    private boolean shared;
    private int stripes;
    private long blockSize = DEFAULT_BLOCK_SIZE;
    private long pageSize;
    private long alignment;

    private Builder(Allocator inner) {
      this.inner = inner;
    }

    /**
     * Sets the bytes of a block, {@code 64} where not set.
     *
     * @param blockSize a multiple of the alignment
     * @return this builder
     */
    public Builder blockSize(long blockSize) {
      this.blockSize = blockSize;
      return this;
    }

    /**
     * Sets the bytes of a page. Where not set, or set to 0: the most blocks that fit in 64 KiB, but
     * at least 8, and no more than the inner serves.
     *
     * @param pageSize a multiple of the blockSize
     * @return this builder
     */
    public Builder pageSize(long pageSize) {
      this.pageSize = pageSize;
      return this;
    }

    /**
     * Sets what every address is a multiple of. Where not set, or set to 0: the largest power of
     * two that divides the blockSize, but at most 16.
     *
     * @param alignment bytes, a power of two
     * @return this builder
     */
    public Builder alignment(long alignment) {
      this.alignment = alignment;
      return this;
    }

    /**
     * Makes the allocator shared, for any thread to use.
     *
     * <p>It is split into {@linkplain #stripes stripes}, each used by one thread at a time, for
     * some tens of instructions. A malloc that finds its stripe taken uses the next; where all are
     * taken it goes round them, spinning and now and then yielding, until one is not. No stripe is
     * added, and nobody is parked. A free waits for no stripe: where its block's is taken, it
     * leaves a bit, and who runs out of blocks there finds it.
     *
     * @return this builder
     */
    public Builder shared() {
      return shared(true);
    }

    /**
     * Sets whether any thread may use the allocator, or only the one that builds it; not where not
     * set.
     *
     * @param shared whether any thread may
     * @return this builder
     */
    public Builder shared(boolean shared) {
      this.shared = shared;
      return this;
    }

    /**
     * Sets into how many parts a shared allocator is split, each for one thread at a time. Where
     * not set, or set to 0: as many as there are processors, rounded up to a power of two.
     *
     * <p>More pay where more threads are busy than there are processors: a thread that loses its
     * processor may leave its stripe taken. Each holds pages of its own.
     *
     * @param stripes a power of two, at most 1024; without meaning where not shared
     * @return this builder
     */
    public Builder stripes(int stripes) {
      this.stripes = stripes;
      return this;
    }

    /**
     * {@return a new allocator, confined to the calling thread unless set to be shared}
     *
     * @throws IllegalArgumentException if the sizes do not fit together, or a page is more than the
     *     inner serves
     */
    public FixedBlockAllocator build() {
      long alignment = this.alignment == 0 ? defaultAlignment() : this.alignment;
      long pageSize = this.pageSize == 0 ? defaultPageSize(alignment) : this.pageSize;
      return new FixedBlockAllocator(inner, pageSize, blockSize, alignment, shared, stripes);
    }

    private long defaultAlignment() {
      return Math.min(Long.lowestOneBit(blockSize), MAX_DEFAULT_ALIGNMENT);
    }

    private long defaultPageSize(long alignment) {
      long servable = inner.maxSize() - Math.max(0, alignment - inner.alignment());
      long blocks = Math.max(MIN_DEFAULT_BLOCKS, DEFAULT_PAGE_SIZE / Math.max(1, blockSize));
      long fitting = Math.max(1, servable / Math.max(1, blockSize));
      return Math.min(blocks, fitting) * blockSize;
    }
  }
}
