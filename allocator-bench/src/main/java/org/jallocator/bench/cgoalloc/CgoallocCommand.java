package org.jallocator.bench.cgoalloc;

import java.util.List;
import java.util.concurrent.Callable;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.jmh.JmhEffort;
import org.jallocator.bench.jmh.JmhProgress;
import org.jallocator.bench.natives.NativeOption;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.report.CommonOptions;
import org.jallocator.bench.report.Report;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs the reference's benchmarks and sets them beside its published figures. */
@Command(
    name = CgoallocCommand.NAME,
    mixinStandardHelpOptions = true,
    description =
        "Runs the benchmarks of the Go library cgoalloc, with its parameters, through JMH.",
    footer = {
      "",
      "One operation is one malloc and its free. The published figures are from another machine"
          + " and language: compare the ratios. Takes about five minutes, with --quick less than"
          + " one; --native doubles that.",
      "",
      "JSON: an array of objects with the keys workload, stack, nanosPerOperation, errorNanos,"
          + " ratioToJna, publishedNanos. errorNanos is half of the 99.9%% confidence interval;"
          + " publishedNanos is null where the reference publishes nothing."
          + NativeRows.JSON_KEYS
          + CommonOptions.JSON_KEYS
    })
public final class CgoallocCommand
    implements Callable<Integer>, CommonOptions.Measuring<RunnerException> {

  public static final String NAME = "reference";

  private static final JmhEffort FULL = new JmhEffort(3, 5, 5, 1000);
  private static final JmhEffort QUICK = new JmhEffort(1, 3, 5, 500);

  @Mixin private NativeOption inC = new NativeOption();

  @Mixin private CommonOptions common = new CommonOptions();

  @Override
  public Integer call() throws RunnerException {
    return common.report(this);
  }

  @Override
  public Report measure() throws RunnerException {
    return measure(common.quick() ? QUICK : FULL);
  }

  int run(JmhEffort effort) throws RunnerException {
    return common.report(() -> measure(effort));
  }

  private CgoallocReport measure(JmhEffort effort) throws RunnerException {
    NativeRows natives = inC.find();
    return new CgoallocReport(measure(effort, natives), natives);
  }

  private List<CgoallocResult> measure(JmhEffort effort, NativeRows natives)
      throws RunnerException {
    try (Progress progress = new Progress(common.err())) {
      return CgoallocResult.from(
          new Runner(
                  effort.options(CgoallocBenchmark.class).build(),
                  new JmhProgress(progress, CgoallocRow.values().length))
              .run(),
          new NativeCgoalloc(natives.found(), effort, progress).measure());
    }
  }
}
