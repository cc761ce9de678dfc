package org.jallocator.fixedblock;

import org.jallocator.Allocator;

/**
 * Serves all sizes up to a limit, each from pages of blocks of about that size.
 *
 * <p>A size is rounded up to a class, and each class is a pool of fixed blocks. Classes are
 * multiples of the alignment up to eight of them, and above that eight to each doubling; with the
 * default alignment of 16:
 *
 * <pre>
 *     16    32    48    64    80    96   112   128
 *    144   160   176   192   208   224   240   256
 *    288   320   352   384   416   448   480   512      and so on, the step doubling
 *    …                                                  with each row, up to 32768
 * </pre>
 *
 * <p>so that a size over 128 bytes wastes less than 12.5 % of itself. A class starts with a page of
 * some 16 KiB, and the more it holds, the larger the pages that it takes next, up to {@code
 * pageSize}: what a class reserves ahead is about an eighth of what it holds. A page is cut without
 * remainder. All classes share one table of pages, so that a free, which comes without a size,
 * finds its block in one look-up.
 *
 * <pre>{@code
 * try (Allocator c = new DefaultAllocator();
 *     OwningAllocator classes = SizeClassAllocator.builder(c).build();
 *     Allocator allocator = FallbackAllocator.create(classes, c)) {
 *   long address = allocator.malloc(100);
 *   allocator.free(address);
 * }
 * }</pre>
 *
 * <p>Price: each class that was ever used keeps a page. Not for one size only: {@link
 * FixedBlockAllocator} is cheaper then. Larger sizes are for {@link FallbackAllocator} to route.
 *
 * <p>Confined to its owner thread, the one that made it; where built {@linkplain Builder#shared()
 * shared}: Shared, never blocks.
 */
public final class SizeClassAllocator extends PagedAllocator {

  static final String NAME = "sizeclass";

  /** The alignment's exponent: it is the unit of the size classes. */
  private final int unitShift;

  /** By size class, where confined. */
  private final BlockPool[] pools;

  private SizeClassAllocator(long maxSize, long alignment, Core core) {
    super("maxSize", maxSize, alignment, core);
    this.unitShift = Long.numberOfTrailingZeros(alignment);
    this.pools = core instanceof ConfinedCore confined ? confined.pools() : new BlockPool[0];
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
    if (size > maxSize) {
      return NULL;
    }
    int sizeClass = sizeClass(size);
    SharedCore shared = this.shared;
    if (shared != null) {
      return size >= 1 ? shared.take(sizeClass) : NULL;
    }
    BlockPool[] pools = this.pools; // sizes below 1 have a class beyond
    return Thread.currentThread() == owner && sizeClass < pools.length
        ? pools[sizeClass].take()
        : NULL;
  }

  @Override
  boolean give(long address) {
    SharedCore shared = this.shared;
    if (shared != null) {
      return shared.give(address);
    }
    return Thread.currentThread() == owner && giveToPage(address);
  }

  private boolean giveToPage(long address) {
    Page page = table.guessAlone(address);
    long index = page.index(address);
    if (index < 0 || index >= page.blocks) {
      page = table.guessBesides(address);
      index = page.index(address);
      if (index < 0 || index >= page.blocks) {
        return false;
      }
    }
    return page.pool.giveToPage(page, (int) index);
  }

  @Override
  int sizeClass(long size) {
    return SizeClasses.of(size, unitShift);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. As {@link
   * #tryFree(long)}, and any size of the block's class is taken.
   */
  @Override
  public boolean tryFree(long address, long size) {
    core.requireSize(address, size >= 1 && size <= maxSize ? sizeClass(size) : -1, size);
    return tryFree(address);
  }

  @Override
  public String toString() {
    return NAME
        + "(maxSize="
        + maxSize
        + ", alignment="
        + alignment()
        + (isShared() ? ", shared=true)" : ")");
  }

  /** Makes a {@link SizeClassAllocator}. Not for use by several threads at once. */
  public static final class Builder {

    /** The maxSize where none is given, in bytes. */
    static final long DEFAULT_MAX_SIZE = 32 * 1024;

    /** The largest maxSize, in bytes. */
    static final long MAX_MAX_SIZE = 1L << 40;

    /** The pageSize where none is given, in bytes. */
    static final long DEFAULT_PAGE_SIZE = 64 * 1024;

    /** The alignment where none is given, in bytes: what C's malloc gives. */
    static final long DEFAULT_ALIGNMENT = 16;

    /** The size of a class's first page, in bytes. */
    private static final long FIRST_PAGE_SIZE = 16 * 1024;

    private final Allocator inner;
    private long maxSize = DEFAULT_MAX_SIZE;
    private long pageSize = DEFAULT_PAGE_SIZE;
    private long alignment = DEFAULT_ALIGNMENT;
    private boolean shared;
    private int stripes;

    private Builder(Allocator inner) {
      this.inner = inner;
    }

    /**
     * Sets the largest size to serve, 32 KiB where not set.
     *
     * @param maxSize bytes, at most 1 TiB and at most what the inner serves
     * @return this builder
     */
    public Builder maxSize(long maxSize) {
      this.maxSize = maxSize;
      return this;
    }

    /**
     * Sets what the pages of a class grow up to, 64 KiB where not set. A page has at least one
     * block, however large.
     *
     * @param pageSize bytes
     * @return this builder
     */
    public Builder pageSize(long pageSize) {
      this.pageSize = pageSize;
      return this;
    }

    /**
     * Sets what every address is a multiple of, and the size of the smallest class; 16 where not
     * set.
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
     * @throws IllegalArgumentException if a size is out of its limits, or more than the inner
     *     serves
     */
    public SizeClassAllocator build() {
      PageLayout.requireAlignment(NAME, alignment);
      PageLayout.require(
          NAME, maxSize >= 1, "maxSize is less than one byte", "maxSize", maxSize, "limit", 1);
      PageLayout.require(
          NAME,
          maxSize <= MAX_MAX_SIZE,
          "maxSize is too large",
          "maxSize",
          maxSize,
          "limit",
          MAX_MAX_SIZE);
      PageLayout.require(
          NAME, pageSize >= 1, "pageSize is less than one byte", "pageSize", pageSize, "limit", 1);
      int unitShift = Long.numberOfTrailingZeros(alignment);
      int lastClass = SizeClasses.of(maxSize, unitShift);
      long largest = SizeClasses.blockSize(lastClass, unitShift);
      long servable = inner.maxSize() - PageLayout.slack(inner, alignment);
      PageLayout.require(
          NAME,
          largest <= servable,
          "maxSize exceeds what the inner serves",
          "maxSize",
          maxSize,
          "limit",
          servable);
      PageLayout[][] layouts = new PageLayout[lastClass + 1][];
      for (int i = 0; i < layouts.length; i++) {
        layouts[i] = layouts(i, SizeClasses.blockSize(i, unitShift), Math.min(pageSize, servable));
      }
      return new SizeClassAllocator(
          maxSize, alignment, Core.of(NAME, inner, layouts, shared, stripes));
    }

    /** {@return the pages of a class: the first, then each twice the one before} */
    private PageLayout[] layouts(int sizeClass, long blockSize, long pageSize) {
      long most = Math.max(1, pageSize / blockSize);
      long first = Math.min(most, Math.max(1, FIRST_PAGE_SIZE / blockSize));
      int count = 65 - Long.numberOfLeadingZeros((most - 1) / first);
      PageLayout[] layouts = new PageLayout[count];
      for (int i = 0; i < count; i++) {
        long blocks = Math.min(most, first << i);
        layouts[i] = PageLayout.ofSizeClass(inner, sizeClass, blockSize, blocks, alignment);
      }
      return layouts;
    }
  }
}
