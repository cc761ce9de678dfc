package org.jallocator.bench.threads;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jallocator.bench.contenders.Blocks;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.run.Crew;
import org.jspecify.annotations.Nullable;

/**
 * One thread mallocs, another frees: every block of every batch is freed by a thread that did not
 * make it.
 *
 * <pre>
 *   producer  -- full batches --&gt;  consumer
 *             &lt;-- empty ones ----
 * </pre>
 *
 * <p>There are {@value #BATCHES} batches, and so at most that many times {@value #BATCH} blocks are
 * live: a producer that runs ahead waits. The queues lock and park once in {@value #BATCH} blocks.
 */
final class HandOver {

  /** Blocks in a batch. */
  static final int BATCH = 4096;

  /** Bytes in a block. */
  static final int SIZE = 64;

  private static final int BATCHES = 8;

  private static final int PATIENCE_MILLIS = 100;

  private final int quota;
  private final BlockingQueue<Blocks> empty = new ArrayBlockingQueue<>(BATCHES);
  private final BlockingQueue<Blocks> full = new ArrayBlockingQueue<>(BATCHES);

  /**
   * Makes the batches.
   *
   * @param quota how many times one is handed over
   */
  HandOver(Contender contender, int quota) {
    this.quota = quota;
    for (int i = 0; i < BATCHES; i++) {
      empty.add(contender.blocks().apply(BATCH));
    }
  }

  Crew.Work producer() {
    return this::produce;
  }

  Crew.Work consumer() {
    return this::consume;
  }

  private Crew.@Nullable Work produce(Crew crew) throws InterruptedException {
    for (int i = 0; i < quota; i++) {
      Blocks batch = next(empty, crew);
      for (int slot = 0; slot < BATCH; slot++) {
        batch.malloc(slot, SIZE);
      }
      full.add(batch);
    }
    return null;
  }

  private Crew.@Nullable Work consume(Crew crew) throws InterruptedException {
    for (int i = 0; i < quota; i++) {
      Blocks batch = next(full, crew);
      batch.freeAll();
      empty.add(batch);
    }
    return null;
  }

  private static Blocks next(BlockingQueue<Blocks> queue, Crew crew) throws InterruptedException {
    Blocks batch = queue.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    while (batch == null) {
      crew.check();
      batch = queue.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    }
    return batch;
  }
}
