package org.jallocator.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * What one of the reference's benchmarks came to.
 *
 * @param row which it is
 * @param nanosPerOperation the mean, in nanoseconds for one malloc and its free
 * @param errorNanos half of the mean's 99.9% confidence interval; not a number where too little was
 *     measured to tell
 * @param ratioToJna the mean, in jna's means on the same sizes in the same run
 */
record ReferenceResult(
    ReferenceRow row, double nanosPerOperation, double errorNanos, double ratioToJna) {

  /** {@return one result a row, in the order of the rows} */
  static List<ReferenceResult> from(Collection<RunResult> runs) {
    Map<ReferenceRow, Result<?>> measured = new EnumMap<>(ReferenceRow.class);
    for (RunResult run : runs) {
      String benchmark = run.getParams().getBenchmark();
      String method = benchmark.substring(benchmark.lastIndexOf('.') + 1);
      measured.put(
          ReferenceRow.of(method, run.getParams().getParam("stack")), run.getPrimaryResult());
    }
    List<ReferenceResult> results = new ArrayList<>();
    measured.forEach(
        (row, result) -> {
          Result<?> baseline = measured.get(row.baseline());
          results.add(
              new ReferenceResult(
                  row,
                  result.getScore(),
                  result.getScoreError(),
                  baseline == null ? Double.NaN : result.getScore() / baseline.getScore()));
        });
    return results;
  }
}
