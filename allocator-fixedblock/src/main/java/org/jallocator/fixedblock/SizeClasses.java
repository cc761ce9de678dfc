package org.jallocator.fixedblock;

/**
 * Sizes rounded up to few: multiples of a unit up to 8 units, and above that eight to each
 * doubling.
 *
 * <pre>
 *   unit 16:   16   32   48   64   80   96  112  128     class  0 to  7
 *             144  160  176  192  208  224  240  256            8 to 15
 *             288  320  352  384  416  448  480  512           16 to 23
 *             576  640  …                                      24
 * </pre>
 *
 * <p>A size over 8 units is rounded up by less than an eighth of itself. With {@code s = size - 1},
 * the highest four bits of s tell its class among those of its doubling, and where the highest bit
 * lies tells the doubling; s below 8 units is handled as if it were of the first. The spacing is
 * that of jemalloc, with eight classes to a doubling in place of four.
 */
final class SizeClasses {

  /** The classes to a doubling, as a power of two. */
  private static final int STEP_BITS = 3;

  private final int unitShift;
  private final long least;

  /**
   * Spaces classes.
   *
   * @param unit the size of the first class and what all are multiples of, a power of two in bytes
   */
  SizeClasses(long unit) {
    this.unitShift = Long.numberOfTrailingZeros(unit);
    this.least = unit << STEP_BITS;
  }

  /** {@return the class of a size: five instructions, no branch, no table} */
  int of(long size) {
    long s = size - 1;
    int shift = Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(s | least);
    return ((shift - unitShift) << STEP_BITS) + (int) (s >>> shift);
  }

  /** {@return the bytes of a class's blocks} */
  long blockSize(int sizeClass) {
    int doubling = Math.max(0, (sizeClass >>> STEP_BITS) - 1);
    long steps = sizeClass - ((long) doubling << STEP_BITS) + 1;
    return steps << (unitShift + doubling);
  }
}
