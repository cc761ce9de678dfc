package org.jallocator.bench.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.natives.NativeOption;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.report.CommonOptions;
import org.jallocator.bench.report.Report;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.stack.AllocatorProviders;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Puts stacks to blocks as large as the buffers of data processing. */
@Command(
    name = LargeCommand.NAME,
    mixinStandardHelpOptions = true,
    description =
        "Measures time and page faults of blocks of 64 KiB to 16 MiB that are written to.",
    footer = {
      "",
      "arrow: record batches with a buffer for every column, three batches live at once, Strings in"
          + " buffers that double as they fill. spark: tasks that fetch blocks, sort them in pages"
          + " of 4 MiB with an array of pointers that doubles, and free all at their end. The first"
          + " and the last byte of every page of 4 KiB are written.",
      "",
      "Each stack runs in a JVM of its own, which warms up first. The rounds of the stacks take"
          + " turns, and the median counts. Takes about two minutes, with --quick half of one.",
      "",
      "JSON: an array of objects with the keys workload, stack, blocks, nanosPerBlock, nanosLow,"
          + " nanosHigh, ratioToJna, pageFaultsPerBlock, peakLiveBytes, peakReservedBytes, innerMallocs. Half of the rounds lie between"
          + " nanosLow and nanosHigh."
          + NativeRows.JSON_KEYS
          + CommonOptions.JSON_KEYS
    })
public final class LargeCommand
    implements Callable<Integer>, CommonOptions.Measuring<RuntimeException> {

  public static final String NAME = "large";

  private static final int ROUNDS = 31;
  private static final int QUICK_ROUNDS = 7;

  @Option(
      names = "--stack",
      paramLabel = "EXPR",
      description =
          "A stack to measure; may be given again. jna is always measured. Default: our stacks for"
              + " large blocks, if their allocators are there.")
  private List<String> stacks = new ArrayList<>();

  @Mixin private NativeOption inC = new NativeOption();

  @Mixin private CommonOptions common = new CommonOptions();

  @Override
  public Integer call() {
    return common.report(this);
  }

  @Override
  public Report measure() {
    return measure(common.quick() ? QUICK_ROUNDS : ROUNDS);
  }

  int run(int rounds) {
    return common.report(() -> measure(rounds));
  }

  private LargeReport measure(int rounds) {
    List<String> leftOut = new ArrayList<>();
    List<String> expressions =
        ReplayCommand.canonical(stacks.isEmpty() ? available(leftOut) : stacks);
    NativeRows natives = inC.find();
    try (Progress progress = new Progress(common.err())) {
      return new LargeReport(
          new ReplayMeasurement(rounds, true, progress, common.err())
              .measure(LargeTraces.all(), expressions, natives.found()),
          leftOut,
          natives);
    }
  }

  /** {@return the default stacks, if there is a provider for them; else says what is left out} */
  private static List<String> available(List<String> leftOut) {
    if (AllocatorProviders.load().all().stream()
        .map(AllocatorProvider::name)
        .anyMatch(DefaultStacks.LARGE_PROVIDER::equals)) {
      return DefaultStacks.LARGE;
    }
    DefaultStacks.LARGE.forEach(
        stack -> leftOut.add(stack + ": no allocator of the name " + DefaultStacks.LARGE_PROVIDER));
    return List.of();
  }
}
