package org.jallocator.large;

import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackChecked;

/**
 * Serves large blocks, each a block of the inner, and keeps freed ones for reuse.
 *
 * <p>A block that is reused costs no call of C, and has its pages already: the operating system
 * clears a page when it is touched first. How often C itself gives memory back to the system, and
 * so how much that saves, differs between C libraries and sizes.
 *
 * <pre>
 *   malloc(70000) ──▶ size class 81920 ──▶ a kept block? ──yes──▶ the one freed last
 *                                               │
 *                                               no ──▶ inner.malloc(81920)
 *
 *   free ──▶ kept, up to retain bytes in all ──▶ what lay unused longest goes back to the inner
 * </pre>
 *
 * <p>Sizes are rounded up to classes, four to each doubling, so that a block fits many sizes:
 *
 * <pre>
 *      64     80     96    112
 *     128    160    192    224
 *     256    320    384    448      and so on, the step doubling with each row,
 *      …                            as far as the inner serves
 * </pre>
 *
 * <p>A size over 64 bytes is rounded up by less than a quarter of itself, and by an eighth on
 * average; in a fresh block these bytes are never touched. {@link #goodSize} returns how many bytes
 * a block has. If {@code alignment} is more than that of the inner, each block takes the difference
 * on top.
 *
 * <p>Every held block is in a table on the Java heap, so that each bad free is found: of a free
 * block, of an address inside a block, of foreign memory, and of a wrong size. A sized free must
 * bring a size from the one that was asked for up to {@link #goodSize}. As the second part of a
 * fallback it makes the figures exact, and no bad free reaches C:
 *
 * <pre>{@code
 * try (Allocator c = new DefaultAllocator();
 *     OwningAllocator large = LargeBlockAllocator.create(c);
 *     OwningAllocator classes = SizeClassAllocator.builder(c).build();
 *     Allocator allocator = FallbackAllocator.create(classes, large)) {
 *   long address = allocator.malloc(1 << 20);
 *   allocator.free(address);
 * }
 * }</pre>
 *
 * <p>Price: some 80 bytes of Java heap for each held block; 16 KiB for the allocator, and if it is
 * shared, 16 KiB for each of its stripes; up to {@code retain} bytes of free memory until {@link
 * #trim} or close. Not for many small blocks: a size-class or fixed-block allocator takes a
 * hundredth of the books and half of the time.
 *
 * <p>If the inner has no memory, all that is kept goes back to it and it is asked once more.
 *
 * <p>Confined to its owner thread, the one that made it; if built {@linkplain Builder#shared()
 * shared}: Shared, may block: mostly for some tens of instructions of another thread; for a walk
 * over the books of a stripe if they have grown or the inner has refused a block, and over all
 * books at {@link #close} and {@link #liveAddresses}; never for a call of the inner. Close waits
 * for the calls of the inner that are in progress. Threads that each free what they took rarely
 * meet: the blocks are divided into stripes, one for each processor and eight at the most, each
 * with a lock of its own, and a thread keeps to its stripe as long as that has what it needs. A
 * thread that frees another's block takes the lock of that one's stripe.
 */
public final class LargeBlockAllocator extends OwnedLargeBlocks {

  static final String NAME = "large";

  private final long retain;

  private LargeBlockAllocator(
      LargeMemory memory, long retain, long maxSize, long alignment, boolean shared) {
    super(memory, maxSize, alignment, shared);
    this.retain = retain;
  }

  /**
   * Makes an allocator with the builder's defaults.
   *
   * @param inner what blocks are taken from; stays open when the allocator closes
   * @return a new allocator, confined to the calling thread
   */
  public static LargeBlockAllocator create(Allocator inner) {
    return builder(inner).build();
  }

  /**
   * {@return a builder with defaults for everything}
   *
   * @param inner what blocks are taken from; stays open when the allocator closes
   */
  public static Builder builder(Allocator inner) {
    return new Builder(inner);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; if built shared: Shared, may block. O(1) if a block of that
   * size class is kept; else an inner malloc and, if the inner has no memory, an inner free for
   * each kept block and a second inner malloc.
   */
  @Override
  public long malloc(long size) {
    long address = reuse(size);
    return address != NULL ? address : mallocSlow(size);
  }

  private long mallocSlow(long size) {
    requireServable(size);
    if (size > maxSize) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", maxSize);
    }
    OutOfMemoryError cause = null;
    try {
      long address = memory.serve(size);
      if (address != NULL) {
        return address;
      }
    } catch (OutOfMemoryError e) {
      cause = e;
    }
    throw AllocatorErrors.outOfMemory(NAME, size, memory.reservedBytes(), cause);
  }

  /**
   * {@inheritDoc}
   *
   * <p>As {@link #malloc}.
   */
  @Override
  public long tryMalloc(long size) {
    long address = reuse(size);
    return address != NULL ? address : tryMallocSlow(size);
  }

  private long tryMallocSlow(long size) {
    requireServable(size);
    if (size > maxSize) {
      return NULL;
    }
    try {
      return memory.serve(size);
    } catch (OutOfMemoryError e) {
      return NULL;
    }
  }

  /** {@return a kept block, or NULL: then the slow method finds the reason} */
  private long reuse(long size) {
    if (size < 1 || size > maxSize) {
      return NULL;
    }
    Thread owner = this.owner;
    if (Thread.currentThread() == owner) {
      return books.take(size);
    }
    return owner == null ? memory.take(size) : NULL;
  }

  private void requireServable(long size) {
    requireUsable();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; if built shared: Shared, may block. O(1) if the block is kept
   * and there is room for it; else an inner free for each block that goes back. A wrong free takes
   * O(log of the largest block).
   *
   * <p>If the inner throws at a block that has to go back to make room: if that took nothing
   * ({@link StackChecked#tookNothing}), the block that was to be freed is still live, else it is
   * free.
   */
  @Override
  public void free(long address) {
    if (!tryFree(address)) {
      ignoreNull(address);
    }
  }

  private static void ignoreNull(long address) {
    if (address != NULL) {
      throw AllocatorEvents.invalidFree(
          NAME, new InvalidFreeException(Reason.FOREIGN, NAME, address));
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>As {@link #free(long)}. The size must be the one that the block was asked for with, or more,
   * up to {@link #goodSize} of that.
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
   * <p>As {@link #free(long)}.
   */
  @Override
  public boolean tryFree(long address) {
    return keep(address) || tryFreeSlow(address);
  }

  /** {@return whether the block is kept now; if not, the slow method finds the reason} */
  private boolean keep(long address) {
    Thread owner = this.owner;
    if (Thread.currentThread() == owner) {
      return books.keep(books.find(address));
    }
    return owner == null && memory.keep(address);
  }

  private boolean tryFreeSlow(long address) {
    requireUsable();
    return memory.free(address, 0, false);
  }

  /**
   * {@inheritDoc}
   *
   * <p>As {@link #free(long, long)}.
   */
  @Override
  public boolean tryFree(long address, long size) {
    return keep(address, size) || tryFreeSlow(address, size);
  }

  private boolean keep(long address, long size) {
    Thread owner = this.owner;
    if (Thread.currentThread() == owner) {
      Books books = this.books;
      int slot = books.find(address);
      return books.asked[slot] == size && books.keep(slot);
    }
    return owner == null && memory.keep(address, size);
  }

  private boolean tryFreeSlow(long address, long size) {
    requireUsable();
    return memory.free(address, size, true);
  }

  /** {@return the name and the options, sizes in bytes, without the inner} */
  @Override
  public String toString() {
    return NAME
        + "(retain="
        + retain
        + ", maxSize="
        + maxSize
        + ", alignment="
        + alignment()
        + (isShared() ? ", shared=true)" : ")");
  }

  /** Makes a {@link LargeBlockAllocator}. Not for use by several threads at once. */
  public static final class Builder {

    /**
     * The retain if none is given, in bytes: several buffers of the sizes that are usual in
     * transfers and column batches, and little beside the heap of a program that has such buffers.
     */
    static final long DEFAULT_RETAIN = 64L << 20;

    private final Allocator inner;
    private long retain = DEFAULT_RETAIN;
    private long maxSize;
    private long alignment;
    private boolean shared;
    private int stripes = Stripes.countForThisMachine();

    private Builder(Allocator inner) {
      this.inner = inner;
    }

    /**
     * Sets how much free memory is kept for reuse, 64 MiB if not set. A block of more than that
     * goes back to the inner when it is freed; with 0 every block does.
     *
     * @param retain bytes, at least 0
     * @return this builder
     */
    public Builder retain(long retain) {
      this.retain = retain;
      return this;
    }

    /**
     * Sets the largest size to serve. If not set, set to 0, or to more than the inner serves: what
     * that serves, less what aligning takes.
     *
     * @param maxSize bytes, at least 0
     * @return this builder
     */
    public Builder maxSize(long maxSize) {
      this.maxSize = maxSize;
      return this;
    }

    /**
     * Sets what every address is a multiple of. If not set, or set to 0: what the inner gives, so
     * that nothing is spent on aligning.
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
     * @return this builder
     */
    public Builder shared() {
      return shared(true);
    }

    /**
     * Sets whether any thread may use the allocator, or only the one that builds it; not if not
     * set. The inner of a shared one must be shared as well.
     *
     * @param shared whether any thread may
     * @return this builder
     */
    public Builder shared(boolean shared) {
      this.shared = shared;
      return this;
    }

    /** For tests: sets how many stripes a shared allocator has, whatever the machine. */
    Builder stripes(int stripes) {
      this.stripes = stripes;
      return this;
    }

    /**
     * {@return a new allocator, confined to the calling thread unless set to be shared}
     *
     * @throws IllegalArgumentException if a size is out of its limits, or the inner serves too
     *     little to align a block in it
     */
    public LargeBlockAllocator build() {
      long alignment = this.alignment == 0 ? inner.alignment() : this.alignment;
      require(retain >= 0, "retain is negative", "retain", retain, 0);
      require(maxSize >= 0, "maxSize is negative", "maxSize", maxSize, 0);
      require(
          Long.bitCount(alignment) == 1 && alignment > 0,
          "alignment is not a power of two",
          "alignment",
          alignment,
          1L << 62);
      long padding = Math.max(0, alignment - inner.alignment());
      long maxLength = inner.maxSize() - padding;
      require(
          maxLength >= 1,
          "alignment leaves nothing of what the inner serves",
          "alignment",
          alignment,
          inner.maxSize());
      long[] lengths = SizeClasses.lengths(maxLength);
      return new LargeBlockAllocator(
          new LargeMemory(inner, shared ? stripes : 1, lengths, padding, retain, alignment),
          retain,
          maxSize == 0 ? maxLength : Math.min(maxSize, maxLength),
          alignment,
          shared);
    }

    private static void require(boolean holds, String rule, String name, long value, long limit) {
      if (!holds) {
        throw new IllegalArgumentException(
            NAME + ": " + rule + ": " + name + "=" + value + ", limit=" + limit);
      }
    }
  }
}
