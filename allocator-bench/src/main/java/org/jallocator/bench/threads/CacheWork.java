package org.jallocator.bench.threads;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.bench.contenders.Blocks;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.run.Crew;
import org.jspecify.annotations.Nullable;

/**
 * One thread's cache: it is full all the time, and puts a new block in the place of one that it
 * chooses at random, as random replacement does. No block is handed to another thread.
 *
 * <p>Filling and emptying it is within the time measured. The random numbers are the same in every
 * round.
 */
final class CacheWork implements Crew.Work {

  /** Blocks in the cache. */
  static final int SLOTS = 10_000;

  private final Blocks slots;
  private final int quota;
  private final MixedSizes random;

  private CacheWork(Blocks slots, int quota, int index) {
    this.slots = slots;
    this.quota = quota;
    this.random = new MixedSizes(index);
  }

  /**
   * {@return for each thread, its cache}
   *
   * @param quota how many blocks are replaced in each
   */
  static List<CacheWork> lines(Contender contender, int threads, int quota) {
    List<CacheWork> lines = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      lines.add(new CacheWork(contender.blocks().apply(SLOTS), quota, i));
    }
    return lines;
  }

  @Override
  public Crew.@Nullable Work run(Crew crew) {
    for (int slot = 0; slot < SLOTS; slot++) {
      random.next();
      slots.malloc(slot, random.size());
    }
    for (int i = 0; i < quota; i++) {
      random.next();
      int slot = random.below(SLOTS);
      slots.free(slot);
      slots.malloc(slot, random.size());
    }
    slots.freeAll();
    return null;
  }
}
