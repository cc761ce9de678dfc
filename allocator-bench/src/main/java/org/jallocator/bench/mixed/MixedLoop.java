package org.jallocator.bench.mixed;

import org.jallocator.Allocator;

/**
 * What {@link MixedWorker} times: a place in a program that calls an allocator. Its class is made
 * anew for every place, so the compiler sees there what a program would let it see.
 */
abstract class MixedLoop {

  /** Blocks live in {@link MixedWorkload#CHURN}. */
  static final int SLOTS = 128;

  /** {@return a number that depends on the blocks, so that they are used} */
  abstract long pairs(Allocator allocator, int[] sizes, int count);

  /** {@return the same, where every free is of a block that was malloced long before} */
  abstract long churn(Allocator allocator, int[] sizes, long[] addresses, int count);
}
