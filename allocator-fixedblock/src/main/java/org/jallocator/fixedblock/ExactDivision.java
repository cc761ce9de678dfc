package org.jallocator.fixedblock;

/**
 * Turns an offset into a block's index, and says whether it is one, with a multiplication and a
 * rotation.
 *
 * <p>A divisor is an odd number times 2^shift. Modulo 2⁶⁴ every odd number has an inverse, so the
 * quotient of an offset that is a multiple of the divisor is
 *
 * <pre>
 *   rotateRight(offset * inverse, shift)
 * </pre>
 *
 * <p>and for every other offset the same term is more than (2⁶⁴ - 1) / divisor. Hence one unsigned
 * compare with the number of blocks answers all at once: the offset is not negative, not past the
 * end, and no block's interior. Source: Henry S. Warren, Hacker's Delight, "Test for zero remainder
 * after division by a constant".
 */
final class ExactDivision {

  private ExactDivision() {}

  /** {@return the inverse of an odd number, modulo 2⁶⁴} */
  static long inverse(long odd) {
    long inverse = odd; // right in its lowest 3 bits
    for (int bits = 3; bits < Long.SIZE; bits *= 2) {
      inverse *= 2 - odd * inverse; // Newton's step doubles the bits that are right
    }
    return inverse;
  }
}
