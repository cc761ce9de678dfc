package org.jallocator.bench.jna;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * What one of the {@code jna} command's benchmarks came to.
 *
 * @param row what was done, and by what
 * @param threads how many threads did it
 * @param nanosPerOperation how long one operation keeps one processor busy
 * @param bytesPerOperation what one operation allocates on the Java heap; not a number if the JVM
 *     does not tell
 */
record JnaResult(JnaRow row, int threads, double nanosPerOperation, double bytesPerOperation) {

  /** What JMH's profiler calls the bytes of an operation. */
  private static final String BYTES = "gc.alloc.rate.norm";

  /** {@return one result a run, by row and number of threads} */
  static List<JnaResult> from(Collection<RunResult> runs) {
    return runs.stream()
        .map(JnaResult::of)
        .sorted(Comparator.comparing(JnaResult::row).thenComparing(JnaResult::threads))
        .toList();
  }

  private static JnaResult of(RunResult run) {
    String benchmark = run.getParams().getBenchmark();
    Result<?> bytes = run.getSecondaryResults().get(BYTES);
    return of(
        JnaRow.of(benchmark.substring(benchmark.lastIndexOf('.') + 1)),
        run.getParams().getThreads(),
        run.getPrimaryResult().getScore(),
        bytes == null ? Double.NaN : bytes.getScore());
  }

  /**
   * Makes a result of what JMH measured.
   *
   * @param operationsPerSecond of all threads together; a mean of their times would be that of the
   *     one that waits longest for JNA's lock
   */
  static JnaResult of(
      JnaRow row, int threads, double operationsPerSecond, double bytesPerOperation) {
    int running = Math.min(threads, Runtime.getRuntime().availableProcessors());
    double nanos = TimeUnit.SECONDS.toNanos(1) * (double) running / operationsPerSecond;
    return new JnaResult(row, threads, nanos, bytesPerOperation);
  }
}
