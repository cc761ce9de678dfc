package org.jallocator.bench.jna;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.jmh.JmhEffort;
import org.jallocator.bench.jmh.JmhProgress;
import org.jallocator.bench.report.CommonOptions;
import org.jallocator.bench.report.Report;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Sets what JNA's users hold beside what we offer them for it. */
@Command(
    name = JnaCommand.NAME,
    mixinStandardHelpOptions = true,
    description =
        "Measures memory, structures, by-references and Strings for C: plain JNA's and ours.",
    footer = {
      "",
      "Made and released: 64 bytes by address (malloc, free), in a scope beside LWJGL's"
          + " MemoryStack, and as a Memory (buffer); a Structure (struct); an IntByReference"
          + " (by-reference). Called by interface mapping: a C function with a structure, an"
          + " IntByReference that it writes, a String, a String[], and ten arguments of all kinds.",
      "",
      "Runs through JMH with its profiler of the Java heap, each row in a JVM of its own. Takes"
          + " about a quarter of an hour; --quick, with fewer and shorter iterations and at most 8 threads,"
          + " about two.",
      "",
      "JSON: an array of objects with the keys workload, variant, threads, nanosPerOperation,"
          + " bytesPerOperation. nanosPerOperation is the elapsed time of all processors that the"
          + " threads can use, by operation; bytesPerOperation is on the Java heap, and null where"
          + " the JVM does not tell."
          + CommonOptions.JSON_KEYS
    })
public final class JnaCommand
    implements Callable<Integer>, CommonOptions.Measuring<RunnerException> {

  public static final String NAME = "jna";

  private static final JmhEffort FULL = new JmhEffort(1, 4, 4, 400);
  private static final JmhEffort QUICK = new JmhEffort(1, 3, 2, 200);

  private static final List<Integer> ALL_THREADS = List.of(1, 2, 8, 64);
  private static final List<Integer> QUICK_THREADS = List.of(1, 8);

  /** Threads that all run within the shortest iteration. */
  private static final int FEW_THREADS = 8;

  /** Ten time slices of the system or so. */
  private static final int MILLIS_PER_THREAD = 32;

  private static final List<Class<?>> BENCHMARKS =
      List.of(JnaMemoryBenchmark.class, JnaCallBenchmark.class);

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "How many threads do it; may be given again. Default: 1, 2, 8 and 64; with --quick, 1"
              + " and 8.")
  private List<Integer> threads = new ArrayList<>();

  @Mixin private CommonOptions common = new CommonOptions();

  @Spec private CommandSpec spec;

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

  private JnaReport measure(JmhEffort effort) throws RunnerException {
    return new JnaReport(measure(effort, counts()));
  }

  private List<Integer> counts() {
    for (int count : threads) {
      if (count < 1) {
        throw new ParameterException(
            spec.commandLine(), "--threads is too small: threads=" + count + ", limit=1");
      }
    }
    if (threads.isEmpty()) {
      return common.quick() ? QUICK_THREADS : ALL_THREADS;
    }
    return threads.stream().distinct().sorted().toList();
  }

  private List<JnaResult> measure(JmhEffort effort, List<Integer> counts) throws RunnerException {
    List<RunResult> runs = new ArrayList<>();
    try (Progress progress = new Progress(common.err())) {
      JmhProgress told = new JmhProgress(progress, total(counts));
      for (int count : counts) {
        JmhEffort enough = enough(effort, count);
        for (Class<?> benchmarks : BENCHMARKS) {
          runs.addAll(new Runner(options(enough, benchmarks, count), told).run());
        }
      }
    }
    return JnaResult.from(runs);
  }

  /**
   * {@return fewer and longer iterations for many threads} JMH's clock starts when a thread runs
   * for the first time and stops when it does for the last: what waits before and after is not
   * counted, and must be little beside the iteration.
   */
  private static JmhEffort enough(JmhEffort effort, int count) {
    return count <= FEW_THREADS
        ? effort
        : new JmhEffort(effort.forks(), 1, 2, count * MILLIS_PER_THREAD);
  }

  private static int total(List<Integer> counts) {
    return counts.stream().mapToInt(count -> JnaRow.measured(count).size()).sum();
  }

  private static Options options(JmhEffort effort, Class<?> benchmarks, int count) {
    ChainedOptionsBuilder options =
        effort
            .options(benchmarks)
            .threads(count)
            .mode(Mode.Throughput)
            .timeUnit(TimeUnit.SECONDS)
            .addProfiler(GCProfiler.class);
    for (JnaRow row : JnaRow.values()) {
      if (!row.isMeasured(count)) {
        options.exclude("\\." + row.method() + "$");
      }
    }
    return options.build();
  }
}
