package org.jallocator.bench.threads;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.bench.contenders.Blocks;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.run.Crew;
import org.jspecify.annotations.Nullable;

/** One thread's pairs of one malloc and its free. */
final class PairWork implements Crew.Work {

  /** Bytes in a block. */
  static final int SIZE = 64;

  private final Blocks blocks;
  private final int quota;
  private final boolean nested;

  /** Depends on the blocks, so that the compiler cannot think them unused. */
  @SuppressWarnings("unused") // written is used enough
  private volatile long mixed;

  private PairWork(Blocks blocks, int quota, boolean nested) {
    this.blocks = blocks;
    this.quota = quota;
    this.nested = nested;
  }

  /** {@return for each thread, its pairs, one after another} */
  static List<PairWork> lines(Contender contender, int threads, int quota) {
    return lines(contender, threads, quota, false);
  }

  /** {@return for each thread, its pairs, each second one inside another} */
  static List<PairWork> nestedLines(Contender contender, int threads, int quota) {
    return lines(contender, threads, quota, true);
  }

  private static List<PairWork> lines(Contender contender, int threads, int quota, boolean nested) {
    List<PairWork> lines = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      lines.add(new PairWork(contender.blocks().apply(0), quota, nested));
    }
    return lines;
  }

  @Override
  public Crew.@Nullable Work run(Crew crew) {
    mixed = nested ? blocks.nestedPairs(quota, SIZE) : blocks.pairs(quota, SIZE);
    return null;
  }
}
