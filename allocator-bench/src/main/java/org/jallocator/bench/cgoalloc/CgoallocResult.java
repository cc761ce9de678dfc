package org.jallocator.bench.cgoalloc;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.util.Statistics;

/**
 * What one of the reference's benchmarks came to.
 *
 * @param workload the reference's name of what is done, and of the sizes
 * @param stack the expression of the stack, or the name of an allocator called from C
 * @param nanosPerOperation the mean, in nanoseconds for one malloc and its free
 * @param errorNanos half of the mean's 99.9% confidence interval; not a number if too little was
 *     measured to tell
 * @param ratioToJna the mean, in jna's means on the same sizes in the same run
 * @param publishedNanos cgoalloc's figure; null if it publishes none
 * @param publishedRatio that figure in those of its own baseline; null if it publishes none
 */
public record CgoallocResult(
    String workload,
    String stack,
    double nanosPerOperation,
    double errorNanos,
    double ratioToJna,
    @Nullable Double publishedNanos,
    @Nullable Double publishedRatio) {

  private static final double CONFIDENCE = 0.999;

  /**
   * {@return one result a row, in the order of the rows, and after the rows of the same sizes those
   * of the allocators called from C}
   *
   * @param runs what JMH measured
   * @param natives what was measured in C, by the row of the same calls on jna, and by stack
   */
  static List<CgoallocResult> from(
      Collection<RunResult> runs, Map<CgoallocRow, Map<String, Statistics>> natives) {
    Map<CgoallocRow, Statistics> measured = new EnumMap<>(CgoallocRow.class);
    for (RunResult run : runs) {
      String benchmark = run.getParams().getBenchmark();
      String method = benchmark.substring(benchmark.lastIndexOf('.') + 1);
      measured.put(
          CgoallocRow.of(method, run.getParams().getParam("stack")),
          run.getPrimaryResult().getStatistics());
    }
    List<CgoallocResult> results = new ArrayList<>();
    for (CgoallocRow baseline : CgoallocRow.values()) {
      if (baseline != baseline.baseline()) {
        continue;
      }
      Statistics onJna = measured.get(baseline);
      double jnaNanos = onJna == null ? Double.NaN : onJna.getMean();
      measured.forEach(
          (row, statistics) -> {
            if (row.baseline() == baseline) {
              results.add(of(row, statistics, jnaNanos));
            }
          });
      natives
          .getOrDefault(baseline, Map.of())
          .forEach(
              (stack, statistics) -> results.add(ofNative(baseline, stack, statistics, jnaNanos)));
    }
    return results;
  }

  private static CgoallocResult of(CgoallocRow row, Statistics statistics, double jnaNanos) {
    return new CgoallocResult(
        row.workload(),
        row.stack(),
        statistics.getMean(),
        statistics.getMeanErrorAt(CONFIDENCE),
        statistics.getMean() / jnaNanos,
        row.publishedNanos(),
        row.publishedRatio());
  }

  private static CgoallocResult ofNative(
      CgoallocRow baseline, String stack, Statistics statistics, double jnaNanos) {
    return new CgoallocResult(
        baseline.workload(),
        stack,
        statistics.getMean(),
        statistics.getMeanErrorAt(CONFIDENCE),
        statistics.getMean() / jnaNanos,
        null,
        null);
  }
}
