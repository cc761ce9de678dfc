package org.jallocator.fixedblock;

import java.util.Arrays;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;

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
 * at most 16 KiB, or of one block. The more it holds, the larger the pages that it takes next, up
 * to {@code pageSize}: a page about doubles what the class holds, at the most. A page is cut
 * without remainder, and a large one into a multiple of 64 blocks. All classes share one table of
 * pages, so that a free, which comes without a size, finds its block in one look-up.
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
 * <p>Price: each class that was ever used keeps a page until {@link #trim}. Not for one size only:
 * {@link FixedBlockAllocator} is cheaper then. Larger sizes are for {@link FallbackAllocator} to
 * route.
 *
 * <p>Confined to its owner thread, the one that made it; if built {@linkplain Builder#shared()
 * shared}: Shared, may block. malloc and free are O(1), however many pages there are; once a page
 * malloc calls the inner's malloc, and free calls the inner's free if a page goes back.
 */
public sealed interface SizeClassAllocator extends OwningAllocator
    permits ConfinedSizeClasses, SharedSizeClasses {

  /**
   * {@return a builder with defaults for everything}
   *
   * @param inner what pages are taken from; stays open when the allocator closes
   */
  static Builder builder(Allocator inner) {
    return new Builder(inner);
  }

  /** Makes a {@link SizeClassAllocator}. Not for use by several threads at once. */
  final class Builder extends PagedBuilder<Builder> {

    static final String NAME = "sizeclass";

    /** How many blocks a class keeps: two large blocks up and down call the inner no more. */
    static final int KEPT_BLOCKS = 4;

    /** The maxSize if none is given, in bytes. */
    static final long DEFAULT_MAX_SIZE = 32 * 1024;

    /** The largest maxSize, in bytes. */
    static final long MAX_MAX_SIZE = 1L << 40;

    /** The pageSize if none is given, in bytes. */
    static final long DEFAULT_PAGE_SIZE = 64 * 1024;

    /** The alignment if none is given, in bytes: what C's malloc gives. */
    static final long DEFAULT_ALIGNMENT = 16;

    /** The size of a class's first page, in bytes. */
    private static final long FIRST_PAGE_SIZE = 16 * 1024;

    /** Pages beyond that are few, in bytes. */
    private static final long MAX_TYPICAL_PAGE_SIZE = 1024 * 1024;

    private long maxSize = DEFAULT_MAX_SIZE;

    private Builder(Allocator inner) {
      super(inner, DEFAULT_PAGE_SIZE, DEFAULT_ALIGNMENT);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Sets the largest size to serve, 32 KiB if not set.
     *
     * @param maxSize bytes, at most 1 TiB and at most what the inner serves
     * @return this builder
     */
    public Builder maxSize(long maxSize) {
      this.maxSize = maxSize;
      return this;
    }

    /**
     * Sets what the pages of a class grow up to, 64 KiB if not set. A page has at least one block,
     * however large.
     *
     * @param pageSize bytes
     * @return this builder
     */
    public Builder pageSize(long pageSize) {
      this.pageSize = pageSize;
      return this;
    }

    /**
     * Sets what every address is a multiple of, and the size of the smallest class; 16 if not set.
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
     * @throws IllegalArgumentException if a size is out of its limits, or more than the inner
     *     serves
     */
    public SizeClassAllocator build() {
      requireHeaps(NAME);
      PageRules rules = new PageRules(NAME);
      rules.requireAlignment(alignment);
      rules.require(maxSize >= 1, "maxSize is less than one byte", "maxSize", maxSize, 1);
      rules.require(
          maxSize <= MAX_MAX_SIZE, "maxSize is too large", "maxSize", maxSize, MAX_MAX_SIZE);
      rules.require(pageSize >= 1, "pageSize is less than one byte", "pageSize", pageSize, 1);
      int unitShift = Long.numberOfTrailingZeros(alignment);
      int lastClass = SizeClasses.of(maxSize, unitShift);
      long largest = SizeClasses.blockSize(lastClass, unitShift);
      long servable = inner.maxSize() - PageLayout.slack(inner, alignment);
      rules.require(
          largest <= servable,
          "maxSize exceeds what the inner serves",
          "maxSize",
          maxSize,
          servable);
      PageLayout[][] layouts = new PageLayout[lastClass + 1][];
      for (int i = 0; i < layouts.length; i++) {
        layouts[i] = layouts(i, SizeClasses.blockSize(i, unitShift), Math.min(pageSize, servable));
      }
      PageSource source = new PageSource(NAME, inner, typicalPageBytes(layouts));
      return shared
          ? new SharedSizeClasses(layouts, maxSize, alignment, source, heaps)
          : new ConfinedSizeClasses(layouts, maxSize, alignment, source);
    }

    /**
     * {@return the page size that the table of pages is made for} A quarter of what pages grow to:
     * both those and first pages are then found at the first look.
     */
    private long typicalPageBytes(PageLayout[][] layouts) {
      long least = Arrays.stream(layouts).mapToLong(pages -> pages[0].bytes()).min().orElseThrow();
      return Math.max(least, Math.min(pageSize, MAX_TYPICAL_PAGE_SIZE) / 4);
    }

    /**
     * {@return the pages of a class: the first, then each about twice the one before} A page of
     * more than 64 blocks has no word that is cut short: the fewer blocks a word has, the sooner
     * another must become active.
     */
    private PageLayout[] layouts(int sizeClass, long blockSize, long pageSize) {
      long most = Math.max(1, pageSize / blockSize);
      long first = Math.min(most, Math.max(1, FIRST_PAGE_SIZE / blockSize));
      int count = 65 - Long.numberOfLeadingZeros((most - 1) / first);
      PageLayout[] layouts = new PageLayout[count];
      for (int i = 0; i < count; i++) {
        long blocks = Math.min(most, first << i);
        blocks = blocks > Long.SIZE ? blocks & -Long.SIZE : blocks;
        layouts[i] = PageLayout.ofSizeClass(inner, sizeClass, blockSize, blocks, alignment);
      }
      return layouts;
    }
  }
}
