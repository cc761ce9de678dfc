package org.jallocator.bench.replay;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.natives.PreloadedAllocator;
import org.jallocator.bench.run.Rounds;
import org.jallocator.bench.trace.Trace;

/**
 * Measures stacks on traces. The stacks take turns, round by round, each in a process of its own:
 * those of Java in a JVM, the allocators called from C in the C program.
 *
 * <p>Confined to its owner thread.
 */
public final class ReplayMeasurement {

  private final int rounds;
  private final boolean touch;
  private final Progress progress;
  private final PrintWriter err;

  /**
   * Makes a measurement.
   *
   * @param rounds timed rounds of each stack
   * @param touch whether every page of every block is written to, and page faults are counted
   * @param progress where to tell it
   * @param err where anything else goes that a process prints
   */
  public ReplayMeasurement(int rounds, boolean touch, Progress progress, PrintWriter err) {
    this.rounds = rounds;
    this.touch = touch;
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
  public List<ReplayResult> measure(
      List<Trace> traces, List<String> stacks, List<PreloadedAllocator> natives) {
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
      List<PreloadedAllocator> able = trace.threadCount() > 1 ? List.of() : natives;
      results.addAll(measure(trace, stacks, able, footprints.get(i)));
    }
    return results;
  }

  private List<ReplayResult> measure(
      Trace trace,
      List<String> stacks,
      List<PreloadedAllocator> natives,
      List<Footprint> footprints) {
    List<String> names = new ArrayList<>(stacks);
    natives.forEach(stack -> names.add(stack.name()));
    long[][] faults = new long[names.size()][rounds];
    long[][] nanos = time(trace, stacks, natives, faults);
    double baseline = Spread.of(nanos[0]).median();
    List<ReplayResult> results = new ArrayList<>();
    for (int i = 0; i < nanos.length; i++) {
      Spread spread = Spread.of(nanos[i]);
      results.add(
          new ReplayResult(
              trace,
              names.get(i),
              spread.times(1.0 / trace.operations()),
              spread.median() / baseline,
              footprints.get(i),
              touch && faults[i][0] >= 0 ? (Double) Spread.of(faults[i]).median() : null));
    }
    return results;
  }

  /**
   * {@return by stack and round, the time of one replay, in nanoseconds}
   *
   * @param faults takes the page faults, by stack and round, if they are counted
   */
  private long[][] time(
      Trace trace, List<String> stacks, List<PreloadedAllocator> natives, long[][] faults) {
    List<Supplier<ReplayFork>> starts = new ArrayList<>();
    stacks.forEach(stack -> starts.add(() -> ReplayFork.inJava(stack, trace, touch, err)));
    natives.forEach(stack -> starts.add(() -> ReplayFork.inC(stack, trace, touch, err)));
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
      return Rounds.takeTurns(
          forks.size(),
          rounds,
          round -> progress.at(trace.name() + ": round " + round + " of " + rounds),
          (member, round) -> {
            ReplayFork fork = forks.get(member);
            if (!touch) {
              return fork.round();
            }
            long before = fork.pageFaults();
            long nanos = fork.round();
            faults[member][round] =
                before == PageFaults.UNKNOWN ? before : fork.pageFaults() - before;
            return nanos;
          });
    } finally {
      forks.forEach(ReplayFork::close);
    }
  }
}
