package org.jallocator.bench.mixed;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.report.CommonOptions;
import org.jallocator.bench.report.Report;
import org.jallocator.stack.AllocatorStack;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Uses several stacks in one JVM, as real programs do. */
@Command(
    name = MixedCommand.NAME,
    mixinStandardHelpOptions = true,
    description = "Measures what stacks cost each other in one JVM.",
    footer = {
      "",
      "All other commands give every row a JVM of its own, whose compiler sees one stack at work."
          + " Here all stacks are used in one JVM, 1,000 operations each in turn, and each is also"
          + " measured alone, in a JVM of its own.",
      "",
      "pair: malloc, and free at once. churn: 128 blocks are live, and every free is of one that"
          + " was malloced long before. Sizes are 8 to 64 bytes. Takes about six minutes, with"
          + " --quick less than one.",
      "",
      "JSON: an array of objects with the keys workload, stack, aloneNanos, inTurnNanos,"
          + " inTurnLow, inTurnHigh, inTurnRatio, onePlaceNanos, onePlaceRatio. Half of the rounds"
          + " in turn lie between inTurnLow and inTurnHigh."
          + CommonOptions.JSON_KEYS
    })
public final class MixedCommand
    implements Callable<Integer>, CommonOptions.Measuring<RuntimeException> {

  public static final String NAME = "mixed";

  @Option(
      names = "--stack",
      paramLabel = "EXPR",
      description =
          "A stack that serves 64 bytes; may be given again. Default: five different ones.")
  private List<String> stacks = new ArrayList<>();

  @Mixin private CommonOptions common = new CommonOptions();

  @Override
  public Integer call() {
    return common.report(this);
  }

  @Override
  public Report measure() {
    return measure(common.quick() ? MixedMeasurement.Effort.QUICK : MixedMeasurement.Effort.FULL);
  }

  int run(MixedMeasurement.Effort effort) {
    return common.report(() -> measure(effort));
  }

  private MixedReport measure(MixedMeasurement.Effort effort) {
    List<String> expressions = canonical(stacks.isEmpty() ? DefaultStacks.FIVE : stacks);
    try (Progress progress = new Progress(common.err())) {
      return new MixedReport(
          new MixedMeasurement(effort, progress, common.err()).measure(expressions));
    }
  }

  /** Builds every stack once, so that a wrong one is found before anything is measured. */
  private static List<String> canonical(List<String> stacks) {
    Set<String> expressions = new LinkedHashSet<>();
    for (String expression : stacks) {
      try (AllocatorStack stack = AllocatorStack.open(expression)) {
        if (stack.allocator().maxSize() < MixedWorkload.LARGEST_SIZE) {
          throw new BadInputException(
              "stack cannot serve the workloads: largest size=%d, maxSize of the stack=%d, stack=%s"
                  .formatted(MixedWorkload.LARGEST_SIZE, stack.allocator().maxSize(), stack));
        }
        expressions.add(stack.toString());
      }
    }
    return List.copyOf(expressions);
  }
}
