package org.jallocator.bench.cgoalloc;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.jmh.JmhEffort;
import org.jallocator.bench.natives.PreloadedAllocator;
import org.openjdk.jmh.util.ListStatistics;
import org.openjdk.jmh.util.Statistics;

/**
 * Makes the calls of the reference's benchmarks from C: with the sizes that {@link
 * CgoallocBenchmark} has, and with as many forks and iterations, as long, as JMH makes of it.
 *
 * <p>Confined to its owner thread.
 */
public final class NativeCgoalloc {

  private final List<PreloadedAllocator> stacks;
  private final JmhEffort effort;
  private final Progress progress;

  public NativeCgoalloc(List<PreloadedAllocator> stacks, JmhEffort effort, Progress progress) {
    this.stacks = stacks;
    this.effort = effort;
    this.progress = progress;
  }

  /**
   * {@return the nanoseconds of one malloc and its free, one value an iteration, by the row of the
   * same calls on jna, and by stack}
   */
  public Map<CgoallocRow, Map<String, Statistics>> measure() {
    Map<CgoallocRow, Map<String, Statistics>> measured = new EnumMap<>(CgoallocRow.class);
    for (CgoallocRow row : CgoallocRow.values()) {
      if (row == row.baseline()) {
        Map<String, Statistics> byStack = new LinkedHashMap<>();
        for (PreloadedAllocator stack : stacks) {
          byStack.put(stack.name(), measure(row, stack));
        }
        measured.put(row, byStack);
      }
    }
    return measured;
  }

  private Statistics measure(CgoallocRow row, PreloadedAllocator stack) {
    ListStatistics nanosPerOperation = new ListStatistics();
    for (int fork = 1; fork <= effort.forks(); fork++) {
      progress.at(
          "%s: %s, fork %d of %d".formatted(stack.name(), row.workload(), fork, effort.forks()));
      stack.run(arguments(row), answer -> nanosPerOperation.addValue(nanosPerOperation(answer)));
    }
    return nanosPerOperation;
  }

  /** {@return the nanoseconds of an operation, from an iteration's operations and nanoseconds} */
  private static double nanosPerOperation(String answer) {
    int blank = answer.indexOf(' ');
    return (double) Long.parseLong(answer, blank + 1, answer.length(), 10)
        / Long.parseLong(answer, 0, blank, 10);
  }

  /** {@return a row's calls in the words of the C program} */
  public List<String> arguments(CgoallocRow row) {
    return switch (row) {
      case TEMPORARY_JNA -> temporary(new CgoallocBenchmark.UniformTemporaries().sizes);
      case MIXED_TEMPORARY_JNA -> temporary(new CgoallocBenchmark.MixedTemporaries().sizes);
      case GROW_JNA -> {
        var growth = new CgoallocBenchmark.UniformGrowth();
        yield grow(growth.addresses.length, growth.sizes);
      }
      case MIXED_GROW_JNA -> {
        var growth = new CgoallocBenchmark.MixedGrowth();
        yield grow(growth.addresses.length, growth.sizes);
      }
      default -> throw new IllegalArgumentException("row has no calls in C: row=" + row);
    };
  }

  private List<String> temporary(long[] sizes) {
    List<String> arguments = iterations("temporary");
    add(sizes, arguments);
    return arguments;
  }

  private List<String> grow(int live, long[] sizes) {
    List<String> arguments = iterations("grow");
    arguments.add(String.valueOf(live));
    add(sizes, arguments);
    return arguments;
  }

  private List<String> iterations(String command) {
    List<String> arguments = new ArrayList<>();
    arguments.add(command);
    add(new long[] {effort.warmUps(), effort.iterations(), effort.millis()}, arguments);
    return arguments;
  }

  private static void add(long[] numbers, List<String> arguments) {
    for (long number : numbers) {
      arguments.add(String.valueOf(number));
    }
  }
}
