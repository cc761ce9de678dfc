package org.jallocator.large;

import org.jallocator.Allocator;

/**
 * Objects that end in two cache lines of nothing, and begin so by {@link FrontPadding}, so that no
 * other object's fields share a line with the fields that the threads of one stripe write all the
 * time. The collector may place the objects of two stripes side by side. Two lines, since
 * processors fetch them in pairs. Fields of a subclass lie behind those of its superclass.
 */
@SuppressWarnings("UnusedVariable") // they are there, that is all
final class Padded {

  private Padded() {}

  /** A stripe. */
  static final class PaddedStripe extends Stripe {

    // spotless:off
    private long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;
    // spotless:on

    PaddedStripe(Allocator inner, Books books, Reserved reserved, long alignment) {
      super(inner, books, reserved, alignment);
    }
  }

  /** The books of a stripe. */
  static final class PaddedBooks extends Books {

    // spotless:off
    private long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;
    // spotless:on

    PaddedBooks(long[] lengths, long padding, long allowance) {
      super(lengths, padding, allowance);
    }
  }
}
