package org.jallocator.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
          + " ratioToJna, peakLiveBytes, peakReservedBytes, innerMallocs."
          + NativeStacks.JSON_KEYS
    })
final class ReplayCommand implements Callable<Integer> {

  static final String NAME = "replay";

  private static final String REPEAT = "51";

  @Option(
      names = "--stack",
      paramLabel = "EXPR",
      description =
          "A stack to measure, such as 'fallback(fixedblock(blockSize=64, jna), jna)'; may be given"
              + " again. jna is always measured. Default: the best stack for mixed sizes, and for threads where"
              + " a trace has several.")
  private List<String> stacks = new ArrayList<>();

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = REPEAT,
      description = "Timed rounds a stack, at least 1. Default: ${DEFAULT-VALUE}.")
  private int repeat;

  @Option(names = NativeStacks.OPTION, description = NativeStacks.OPTION_DESCRIPTION)
  private boolean nativeToo;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the results there too.")
  private @Nullable String json;

  @Parameters(
      paramLabel = "TRACE",
      description =
          "Trace files, gzip-compressed or plain, or the bundled cc1, perl, sqlite. Default: those.")
  private List<String> traces = new ArrayList<>();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    if (repeat < 1) {
      throw new ParameterException(
          spec.commandLine(), "--repeat is too small: repeat=" + repeat + ", limit=1");
    }
    try (JsonFile file = JsonFile.open(json)) {
      List<Trace> read = TraceReader.readAll(traces.isEmpty() ? TraceReader.BUNDLED : traces);
      List<String> expressions =
          canonical(stacks.isEmpty() ? List.of(DefaultStacks.mixed(read)) : stacks);
      NativeStacks natives =
          nativeToo ? NativeStacks.find(spec.commandLine().getErr()) : NativeStacks.NOT_ASKED;
      ReplayReport report = new ReplayReport(measure(read, expressions, natives), repeat, natives);
      spec.commandLine().getOut().print(report.text());
      spec.commandLine().getOut().flush();
      if (file != null) {
        file.write(report.json());
      }
    }
    return 0;
  }

  private List<ReplayResult> measure(
      List<Trace> traces, List<String> stacks, NativeStacks natives) {
    PrintWriter err = spec.commandLine().getErr();
    try (Progress progress = new Progress(err)) {
      return new ReplayMeasurement(repeat, progress, err).measure(traces, stacks, natives.found());
    }
  }

  /** Builds every stack once, so that a wrong one is found before anything is measured. */
  private static List<String> canonical(List<String> stacks) {
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
