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
 * <p>A size over 8 units is rounded up by less than an eighth of itself. With {@code u} for the
 * whole units in {@code size - 1}, the highest bit of u gives the doubling, and the highest four
 * bits give the class within it; u below 8 is handled as if it were of the first doubling. The
 * spacing is that of jemalloc, with eight classes to a doubling in place of four.
 *
 * <p>The unit, a power of two, is given as its exponent.
 */
final class SizeClasses {

  /** The classes to a doubling, as a power of two. */
  private static final int STEP_BITS = 3;

  /** Stands for a class that is not known. */
  static final int ANY = -1;

  private SizeClasses() {}

  /**
   * {@return the class of a size: a few instructions, no branch, no table} Sizes below 1 have a
   * class beyond those of 2⁶⁰ units.
   */
  static int of(long size, int unitShift) {
    long units = (size - 1) >>> unitShift;
    int doubling = Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(units | (1L << STEP_BITS));
    return (doubling << STEP_BITS) + (int) (units >>> doubling);
  }

  /** {@return the bytes of a class's blocks} */
  static long blockSize(int sizeClass, int unitShift) {
    int doubling = Math.max(0, (sizeClass >>> STEP_BITS) - 1);
    long steps = sizeClass - ((long) doubling << STEP_BITS) + 1;
    return steps << (unitShift + doubling);
  }
}
