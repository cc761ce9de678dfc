package org.jallocator.bench.replay;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.natives.NativeOption;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.report.CommonOptions;
import org.jallocator.bench.report.Report;
import org.jallocator.bench.trace.Trace;
import org.jallocator.bench.trace.TraceReader;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays traces on stacks and prints how fast each was and what it took from C. */
@Command(
    name = ReplayCommand.NAME,
    mixinStandardHelpOptions = true,
    description = "Replays allocation traces of real programs on stacks of allocators.",
    footer = {
      "",
      "Each stack replays each trace in a JVM of its own, which warms up first. The rounds of the"
          + " stacks take turns; ns/op is the median of a stack's rounds, the ratio is that of the"
          + " medians.",
      "",
      "An operation is one malloc or one free; a realloc is both, malloc of the new block, then"
          + " free of the old one. What a trace never frees is freed after it, untimed. No block is"
          + " written to, which favours stacks that keep their books elsewhere.",
      "",
      "Each thread of a trace is replayed on a thread of its own, as fast as it can: a free waits"
          + " for its malloc, and for nothing else. ns/op is then the elapsed time divided by the"
          + " operations of all threads. It takes a stack that is shared.",
      "",
      "JSON: an array of objects with the keys trace, stack, operations, nanosPerOperation,"
          + " nanosLow, nanosHigh, ratioToJna, peakLiveBytes, peakReservedBytes, innerMallocs. Half of the rounds lie between"
          + " nanosLow and nanosHigh."
          + NativeRows.JSON_KEYS
          + CommonOptions.JSON_KEYS
    })
public final class ReplayCommand
    implements Callable<Integer>, CommonOptions.Measuring<RuntimeException> {

  public static final String NAME = "replay";

  private static final int ROUNDS = 51;
  private static final int QUICK_ROUNDS = 11;

  @Option(
      names = "--stack",
      paramLabel = "EXPR",
      description =
          "A stack to measure; may be given again. Example: 'fallback(sizeclass(jna), jna)'. jna is"
              + " always measured. Default: the best stack for mixed sizes, or for threads if a trace has"
              + " several.")
  private List<String> stacks = new ArrayList<>();

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description =
          "Timed rounds a stack, at least 1. Default: "
              + ROUNDS
              + ", with --quick "
              + QUICK_ROUNDS
              + ".")
  private @Nullable Integer repeat;

  @Mixin private NativeOption inC = new NativeOption();

  @Mixin private CommonOptions common = new CommonOptions();

  @Parameters(
      paramLabel = "TRACE",
      description =
          "Trace files, gzip-compressed or plain, or the bundled cc1, perl, sqlite. Default: those.")
  private List<String> traces = new ArrayList<>();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return common.report(this);
  }

  @Override
  public Report measure() {
    int rounds = repeat != null ? repeat : common.quick() ? QUICK_ROUNDS : ROUNDS;
    if (rounds < 1) {
      throw new ParameterException(
          spec.commandLine(), "--repeat is too small: repeat=" + rounds + ", limit=1");
    }
    return measure(rounds);
  }

  private ReplayReport measure(int rounds) {
    List<Trace> read = TraceReader.readAll(traces.isEmpty() ? TraceReader.BUNDLED : traces);
    List<String> expressions = canonical(stacks.isEmpty() ? List.of(best(read)) : stacks);
    NativeRows natives = inC.find();
    try (Progress progress = new Progress(common.err())) {
      return new ReplayReport(
          new ReplayMeasurement(rounds, false, progress, common.err())
              .measure(read, expressions, natives.found()),
          rounds,
          natives);
    }
  }

  /** {@return the best stack for mixed sizes on which all of some traces can be replayed} */
  private static String best(List<Trace> traces) {
    return traces.stream().anyMatch(trace -> trace.threadCount() > 1)
        ? DefaultStacks.SHARED_CLASSES
        : DefaultStacks.MIXED;
  }

  /** Builds every stack once, so that a wrong one is found before anything is measured. */
  static List<String> canonical(List<String> stacks) {
    Set<String> expressions = new LinkedHashSet<>();
    expressions.add(DefaultStacks.JNA);
    for (String expression : stacks) {
      try (AllocatorStack stack = AllocatorStack.open(expression)) {
        expressions.add(stack.toString());
      }
    }
    return List.copyOf(expressions);
  }
}
