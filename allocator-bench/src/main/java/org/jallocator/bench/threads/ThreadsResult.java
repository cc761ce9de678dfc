package org.jallocator.bench.threads;

import java.util.concurrent.TimeUnit;
import org.jallocator.bench.console.Spread;
import org.jspecify.annotations.Nullable;

/**
 * What one workload on one contender came to.
 *
 * @param workload what the threads did
 * @param contender the stack's canonical expression, or the peer's name
 * @param threads how many threads there were at any time
 * @param rate over the rounds, the operations a second of all threads together
 * @param peakReservedBytes the most bytes held from C at once, as they were asked for; null if it
 *     is not known
 */
public record ThreadsResult(
    ThreadWorkload workload,
    String contender,
    int threads,
    Spread rate,
    @Nullable Long peakReservedBytes) {

  /**
   * {@return how long one operation keeps one processor busy, in nanoseconds} That is the elapsed
   * time, times the threads that can run at once, divided by the operations of all threads: the
   * same for any number of threads if they do not get in each other's way.
   */
  Spread nanos() {
    int running = Math.min(threads, Runtime.getRuntime().availableProcessors());
    return rate.inverse(TimeUnit.SECONDS.toNanos(1) * (double) running);
  }

  /** {@return the median of the {@link #nanos}} */
  double nanosPerOperation() {
    return nanos().median();
  }

  /** {@return the median of the rates} */
  public double operationsPerSecond() {
    return rate.median();
  }
}
