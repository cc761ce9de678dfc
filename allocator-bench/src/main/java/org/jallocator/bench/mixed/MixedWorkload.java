package org.jallocator.bench.mixed;

import java.util.Locale;
import org.jallocator.Allocator;

/** What is done to each of several stacks in turn. An operation is one malloc and one free. */
enum MixedWorkload {

  /** Mallocs a block and frees it at once. */
  PAIR {
    @Override
    long run(MixedLoop loop, Allocator allocator, long[] addresses, int count) {
      return loop.pairs(allocator, SIZES, count);
    }
  },

  /** Replaces blocks, so that every free is of one that was malloced long before. */
  CHURN {
    @Override
    long run(MixedLoop loop, Allocator allocator, long[] addresses, int count) {
      return loop.churn(allocator, SIZES, addresses, count);
    }
  };

  static final int LARGEST_SIZE = 64;

  /** Up to what the smallest of the stacks serves; a power of two of them. */
  private static final int[] SIZES = {LARGEST_SIZE, 24, 48, 8, LARGEST_SIZE, 16, 40, 32};

  /** {@return what tables and JSON call it} */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** {@return a number that depends on the blocks} */
  abstract long run(MixedLoop loop, Allocator allocator, long[] addresses, int count);
}
