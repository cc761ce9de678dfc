package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;
import org.jspecify.annotations.Nullable;

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
 * for sizes that vary widely: stack several with {@link FallbackAllocator}.
 *
 * <p>Confined to its owner thread, the one that made it. After the reference's FixedBlockAllocator
 * (the Go library cgoalloc).
 */
public final class FixedBlockAllocator extends BlockPool implements OwningAllocator {

  static final String NAME = "fixedblock";

  private final long blockSize;
  private final long alignment;

  /** The thread that may use this allocator: the one that made it, and none after closing. */
  private @Nullable Thread owner = Thread.currentThread();

  /** The same thread for as long as this lives, to be named in errors. */
  private final Thread maker = Thread.currentThread();

  private FixedBlockAllocator(Allocator inner, long pageSize, long blockSize, long alignment) {
    super(NAME, inner, new PageLayout(inner, pageSize, blockSize, alignment));
    this.blockSize = blockSize;
    this.alignment = alignment;
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
    return new FixedBlockAllocator(inner, pageSize, blockSize, alignment);
  }

  /**
   * {@return a builder with defaults for everything}
   *
   * @param inner what pages are taken from; stays open when the allocator closes
   */
  public static Builder builder(Allocator inner) {
    return new Builder(inner);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1); once a page, an inner malloc. The cost is shown by the
   * bench's {@code reference} command.
   */
  @Override
  public long malloc(long size) {
    if (Thread.currentThread() == owner && size >= 1 && size <= blockSize) {
      long address = take();
      if (address != NULL) {
        return address;
      }
    }
    return mallocSlow(size);
  }

  private long mallocSlow(long size) {
    OutOfMemoryError cause = null;
    try {
      long address = serve(size);
      if (address != NULL) {
        return address;
      }
    } catch (OutOfMemoryError e) {
      cause = e;
    }
    if (size > blockSize) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "blockSize", blockSize);
    }
    throw AllocatorErrors.outOfMemory(NAME, size, reservedBytes(), cause);
  }

  private long serve(long size) {
    requireUsable();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
    return size <= blockSize && refill() ? take() : NULL;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1); once a page, an inner malloc.
   */
  @Override
  public long tryMalloc(long size) {
    if (Thread.currentThread() == owner && size >= 1 && size <= blockSize) {
      long address = take();
      if (address != NULL) {
        return address;
      }
    }
    return tryMallocSlow(size);
  }

  private long tryMallocSlow(long size) {
    try {
      return serve(size);
    } catch (OutOfMemoryError noMemory) {
      return NULL;
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1) however many pages there are; an inner free where a page
   * goes back. Where the inner throws at that, its exception passes: the block is free, and the
   * page is held still.
   */
  @Override
  public void free(long address) {
    if (!tryFree(address)) {
      ignoreNull(address);
    }
  }

  private static void ignoreNull(long address) {
    if (address != NULL) {
      throw new InvalidFreeException(Reason.FOREIGN, NAME, address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. As {@link #free(long)}, and any size that fits a block is
   * taken.
   */
  @Override
  public void free(long address, long size) {
    if (!tryFree(address, size)) {
      ignoreNull(address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1) however many pages there are; an inner free where a page
   * goes back.
   */
  @Override
  public boolean tryFree(long address) {
    if (Thread.currentThread() == owner) {
      return give(address);
    }
    throw unusable();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. As {@link #tryFree(long)}, and any size that fits a block is
   * taken.
   */
  @Override
  public boolean tryFree(long address, long size) {
    if (size >= 1 && size <= blockSize) {
      return tryFree(address);
    }
    if (owns(address)) {
      throw new InvalidFreeException(NAME, address, size, blockSize);
    }
    return false;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1) however many pages there are.
   */
  @Override
  public boolean owns(long address) {
    requireUsable();
    return holds(address);
  }

  /** {@return {@code blockSize}} */
  @Override
  public long maxSize() {
    return blockSize;
  }

  @Override
  public long alignment() {
    return alignment;
  }

  @Override
  public boolean isShared() {
    return false;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1). Each live block counts as {@code blockSize} bytes.
   */
  @Override
  public AllocatorStats stats() {
    if (Thread.currentThread() != maker) {
      throw unusable();
    }
    return snapshot();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(pages), and where blocks leaked O(blocks / 64).
   *
   * @throws LeakException if blocks are live; the allocator stays open
   */
  @Override
  public void close() {
    if (Thread.currentThread() != maker) {
      throw unusable();
    }
    if (owner != null) {
      returnPages();
      owner = null;
    }
  }

  private void requireUsable() {
    if (Thread.currentThread() != owner) {
      throw unusable();
    }
  }

  private IllegalStateException unusable() {
    return Thread.currentThread() == maker
        ? AllocatorErrors.closed(NAME)
        : AllocatorErrors.wrongThread(NAME, maker);
  }

  @Override
  public String toString() {
    return NAME + "(blockSize=" + blockSize + ", alignment=" + alignment + ")";
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
     * {@return a new allocator, confined to the calling thread}
     *
     * @throws IllegalArgumentException if the sizes do not fit together, or a page is more than the
     *     inner serves
     */
    public FixedBlockAllocator build() {
      long alignment = this.alignment == 0 ? defaultAlignment() : this.alignment;
      long pageSize = this.pageSize == 0 ? defaultPageSize(alignment) : this.pageSize;
      return create(inner, pageSize, blockSize, alignment);
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
