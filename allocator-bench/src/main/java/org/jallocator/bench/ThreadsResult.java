package org.jallocator.bench;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What one workload on one contender came to.
 *
 * @param workload what the threads did
 * @param stack the stack's canonical expression, or the peer's name
 * @param threads how many threads there were at any time
 * @param operationsPerSecond of all threads together, at the median round
 * @param peakReservedBytes the most bytes held from C at once, as they were asked for; null where
 *     it is not known
 */
record ThreadsResult(
    ThreadWorkload workload,
    String stack,
    int threads,
    double operationsPerSecond,
    @Nullable Long peakReservedBytes) {

  /**
   * {@return how long one operation keeps one processor busy, in nanoseconds} That is the elapsed
   * time, times the threads that can run at once, divided by the operations of all threads: the
   * same for any number of threads where they do not get in each other's way.
   */
  double nanosPerOperation() {
    int running = Math.min(threads, Runtime.getRuntime().availableProcessors());
    return TimeUnit.SECONDS.toNanos(1) * (double) running / operationsPerSecond;
  }
}
