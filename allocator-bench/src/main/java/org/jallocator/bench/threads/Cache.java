package org.jallocator.bench.threads;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import org.jallocator.bench.contenders.Blocks;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.run.Crew;
import org.jspecify.annotations.Nullable;

/**
 * Caches, one a thread, which are full all the time: a block of a random size comes in the place of
 * one that is chosen at random. No block is handed to another thread.
 *
 * <p>The caches are filled before the time measured, and emptied after it. The random numbers are
 * the same in every round.
 */
final class Cache {

  /** Blocks in each. */
  static final int SLOTS = 10_000;

  private final int quota;
  private final List<Line> lines = new ArrayList<>();

  /** Where all threads wait for each other: once all caches are full, and once all are done. */
  private final CyclicBarrier barrier;

  private long previous;
  private long nanos;

  /**
   * Makes the caches.
   *
   * @param threads how many there are
   * @param quota how many blocks are replaced in each
   */
  Cache(Contender contender, int threads, int quota) {
    this.quota = quota;
    this.barrier = new CyclicBarrier(threads, this::lap);
    for (int i = 0; i < threads; i++) {
      lines.add(new Line(contender.blocks().apply(SLOTS), new MixedSizes(i)));
    }
  }

  private void lap() {
    long now = System.nanoTime();
    nanos = now - previous;
    previous = now;
  }

  /** {@return the time from when all are full until all blocks are replaced, in nanoseconds} */
  long runOn(Executor threads) {
    long unused = Crew.runOn(threads, lines);
    return nanos;
  }

  private final class Line implements Crew.Work {

    private final Blocks slots;
    private final MixedSizes random;

    Line(Blocks slots, MixedSizes random) {
      this.slots = slots;
      this.random = random;
    }

    @Override
    public Crew.@Nullable Work run(Crew crew) throws InterruptedException {
      try {
        fill();
        barrier.await();
        replace();
        barrier.await();
      } catch (RuntimeException | Error e) {
        barrier.reset(); // the others need not wait
        throw e;
      } catch (BrokenBarrierException e) {
        throw new IllegalStateException("another thread of the round has failed", e);
      } finally {
        slots.freeAll();
      }
      return null;
    }

    private void fill() {
      for (int slot = 0; slot < SLOTS; slot++) {
        random.next();
        slots.malloc(slot, random.size());
      }
    }

    private void replace() {
      for (int i = 0; i < quota; i++) {
        random.next();
        int slot = random.below(SLOTS);
        slots.free(slot);
        slots.malloc(slot, random.size());
      }
    }
  }
}
