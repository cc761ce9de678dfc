package org.jallocator.large;

/**
 * Sizes rounded up to few: 64 bytes, and above that four steps to each doubling.
 *
 * <pre>
 *                               64     class  0
 *      80     96    112        128            1 to  4
 *     160    192    224        256            5 to  8
 *      …
 *   1280K  1536K  1792K      2048K           57 to 60
 * </pre>
 *
 * <p>A size over 64 bytes is rounded up by less than a quarter of itself, and by an eighth on
 * average. The highest bit of {@code size - 1} gives the doubling, and the highest three bits give
 * the class within it. The spacing is that of jemalloc.
 */
final class SizeClasses {

  /** How many classes there are: the last one holds the sizes up to {@code Long.MAX_VALUE}. */
  static final int COUNT = 229;

  /** One less than the length of the smallest class. */
  private static final long SMALLEST_MINUS_ONE = 63;

  /** The formula's value for the smallest class. */
  private static final int OFFSET = 27;

  private SizeClasses() {}

  /**
   * {@return the class of a size: a few instructions, no table}
   *
   * @param size in bytes, at least 1
   */
  static int of(long size) {
    long last = Math.max(size - 1, SMALLEST_MINUS_ONE);
    int doubling = Long.SIZE - 1 - Long.numberOfLeadingZeros(last);
    return (doubling << 2) + (int) (last >>> (doubling - 2)) - OFFSET;
  }

  /** {@return the largest size of a class, in bytes} */
  static long length(int sizeClass) {
    int doubling = (sizeClass + OFFSET - 4) >> 2;
    long eighths = sizeClass + OFFSET - ((long) doubling << 2) + 1;
    long length = eighths << (doubling - 2);
    return length < 0 ? Long.MAX_VALUE : length;
  }

  /**
   * {@return the bytes that a block of each class has}
   *
   * @param max what no block has more of
   */
  static long[] lengths(long max) {
    long[] lengths = new long[COUNT];
    for (int i = 0; i < COUNT; i++) {
      lengths[i] = Math.min(length(i), max);
    }
    return lengths;
  }
}
