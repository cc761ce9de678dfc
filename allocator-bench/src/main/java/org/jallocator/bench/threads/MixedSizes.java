package org.jallocator.bench.threads;

/**
 * Random numbers for a thread that replaces blocks of random sizes: which one, and by what size.
 * The same for the same thread in every round.
 */
final class MixedSizes {

  static final int SMALLEST = 8;
  static final int LARGEST = 1000;

  private long state;
  private long bits;

  MixedSizes(int thread) {
    state = 0x9e3779b97f4a7c15L * (thread + 1);
  }

  /** Draws the next number: a step of xorshift, times a constant, all bits good. */
  void next() {
    state ^= state >>> 12;
    state ^= state << 25;
    state ^= state >>> 27;
    bits = state * 0x2545f4914f6cdd1dL;
  }

  /** {@return a number less than a limit, by the upper half of the bits} */
  int below(int limit) {
    return scaled(limit, bits >>> 32);
  }

  /** {@return a size, by the lower half of the bits} */
  int size() {
    return SMALLEST + scaled(LARGEST - SMALLEST + 1, bits & 0xffff_ffffL);
  }

  /** {@return whether it is one in eight} Not independent of the size. */
  boolean isOneInEight() {
    return (bits & 7) == 0;
  }

  private static int scaled(int limit, long bits) {
    return (int) ((bits * limit) >>> 32);
  }
}
