package org.jallocator.bench;

import org.jspecify.annotations.Nullable;

/** One thread's pairs of one malloc and its free. */
final class PairWork implements Crew.Work {

  private static final int SIZE = 64;

  private final Blocks blocks;
  private final int quota;

  /** Depends on the blocks, so that the compiler cannot think them unused. */
  @SuppressWarnings("unused") // written is used enough
  private volatile long mixed;

  PairWork(Blocks blocks, int quota) {
    this.blocks = blocks;
    this.quota = quota;
  }

  @Override
  public Crew.@Nullable Work run(Crew crew) {
    mixed = blocks.pairs(quota, SIZE);
    return null;
  }
}
