package org.jallocator.bench;

import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the reference's benchmarks and sets them beside its published figures. */
@Command(
    name = ReferenceCommand.NAME,
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
          + NativeStacks.JSON_KEYS
    })
final class ReferenceCommand implements Callable<Integer> {

  static final String NAME = "reference";

  private static final JmhEffort FULL = new JmhEffort(3, 5, 5, 1000);
  private static final JmhEffort QUICK = new JmhEffort(1, 3, 5, 500);

  @Option(
      names = "--quick",
      description = "One fork and short iterations: for a first look, not for a claim.")
  private boolean quick;

  @Option(names = NativeStacks.OPTION, description = NativeStacks.OPTION_DESCRIPTION)
  private boolean nativeToo;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the results there too.")
  private @Nullable String json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws RunnerException {
    return run(quick ? QUICK : FULL);
  }

  int run(JmhEffort effort) throws RunnerException {
    try (JsonFile file = JsonFile.open(json)) {
      NativeStacks natives =
          nativeToo ? NativeStacks.find(spec.commandLine().getErr()) : NativeStacks.NOT_ASKED;
      ReferenceReport report = new ReferenceReport(measure(effort, natives), natives);
      spec.commandLine().getOut().print(report.text());
      spec.commandLine().getOut().flush();
      if (file != null) {
        file.write(report.json());
      }
    }
    return 0;
  }

  private List<ReferenceResult> measure(JmhEffort effort, NativeStacks natives)
      throws RunnerException {
    try (Progress progress = new Progress(spec.commandLine().getErr())) {
      return ReferenceResult.from(
          new Runner(
                  effort.options(ReferenceBenchmark.class).build(),
                  new JmhProgress(progress, ReferenceRow.values().length))
              .run(),
          new NativeReference(natives.found(), effort, progress).measure());
    }
  }
}
