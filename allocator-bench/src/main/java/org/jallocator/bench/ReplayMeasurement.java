package org.jallocator.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Measures stacks on traces. The stacks take turns, round by round, each in a process of its own:
 * those of Java in a JVM, the allocators called from C in the C program.
 *
 * <p>Confined to its owner thread.
 */
final class ReplayMeasurement {

  private final int rounds;
  private final Progress progress;
  private final PrintWriter err;

  ReplayMeasurement(int rounds, Progress progress, PrintWriter err) {
    this.rounds = rounds;
    this.progress = progress;
    this.err = err;
  }

  /**
   * {@return one result for every trace and stack, trace by trace} What a stack cannot serve is
   * found before anything is timed.
   *
   * @param traces what to replay
   * @param stacks canonical expressions, the baseline first
   * @param natives the allocators called from C
   * @throws BadInputException if a stack cannot serve a trace
   */
  List<ReplayResult> measure(List<Trace> traces, List<String> stacks, List<NativeStack> natives) {
    List<List<Footprint>> footprints = new ArrayList<>();
    for (Trace trace : traces) {
      List<Footprint> ofTrace = new ArrayList<>();
      for (String stack : stacks) {
        progress.at(trace.name() + ": what each stack takes from C");
        ofTrace.add(Footprint.measure(stack, trace));
      }
      natives.forEach(stack -> ofTrace.add(Footprint.UNKNOWN));
      footprints.add(ofTrace);
    }
    List<ReplayResult> results = new ArrayList<>();
    for (int i = 0; i < traces.size(); i++) {
      Trace trace = traces.get(i);
      // The C program has one thread.
      List<NativeStack> able = trace.threadCount() > 1 ? List.of() : natives;
      results.addAll(measure(trace, stacks, able, footprints.get(i)));
    }
    return results;
  }

  private List<ReplayResult> measure(
      Trace trace, List<String> stacks, List<NativeStack> natives, List<Footprint> footprints) {
    List<String> names = new ArrayList<>(stacks);
    natives.forEach(stack -> names.add(stack.name()));
    long[][] nanos = time(trace, stacks, natives);
    double baseline = median(nanos[0]);
    List<ReplayResult> results = new ArrayList<>();
    for (int i = 0; i < nanos.length; i++) {
      double median = median(nanos[i]);
      results.add(
          new ReplayResult(
              trace,
              names.get(i),
              median / trace.operations(),
              median / baseline,
              footprints.get(i)));
    }
    return results;
  }

  /** {@return by stack and round, the time of one replay, in nanoseconds} */
  private long[][] time(Trace trace, List<String> stacks, List<NativeStack> natives) {
    List<Supplier<ReplayFork>> starts = new ArrayList<>();
    stacks.forEach(stack -> starts.add(() -> ReplayFork.inJava(stack, trace, err)));
    natives.forEach(stack -> starts.add(() -> ReplayFork.inC(stack, trace, err)));
    List<ReplayFork> forks = new ArrayList<>();
    try {
      for (Supplier<ReplayFork> start : starts) {
        progress.at(
            "%s: warming up stack %d of %d"
                .formatted(trace.name(), forks.size() + 1, starts.size()));
        ReplayFork fork = start.get();
        forks.add(fork);
        fork.warmUp();
      }
      long[][] nanos = new long[forks.size()][rounds];
      for (int round = 0; round < rounds; round++) {
        progress.at(trace.name() + ": round " + (round + 1) + " of " + rounds);
        for (int fork = 0; fork < nanos.length; fork++) {
          nanos[fork][round] = forks.get(fork).round();
        }
      }
      return nanos;
    } finally {
      forks.forEach(ReplayFork::close);
    }
  }

  /** {@return the middle value, or the mean of the two in the middle} */
  static double median(long[] values) {
    long[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : sorted[middle - 1] / 2.0 + sorted[middle] / 2.0;
  }
}
