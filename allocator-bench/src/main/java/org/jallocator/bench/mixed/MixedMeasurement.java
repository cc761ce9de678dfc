package org.jallocator.bench.mixed;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.console.Spread;

/**
 * Measures stacks side by side in one JVM, and each alone in one of its own. All these JVMs take
 * turns, round by round. What the compiler makes of a JVM differs from one to the next, so there
 * are several of each, and the median of their medians counts.
 *
 * <p>Confined to its owner thread.
 */
final class MixedMeasurement {

  private final Effort effort;
  private final Progress progress;
  private final PrintWriter err;

  MixedMeasurement(Effort effort, Progress progress, PrintWriter err) {
    this.effort = effort;
    this.progress = progress;
    this.err = err;
  }

  /**
   * How much is measured.
   *
   * @param forks JVMs of each kind
   * @param warmUpMillis how long a stack warms up, in each
   * @param rounds timed rounds of each
   * @param slices slices of a stack in each round
   */
  record Effort(int forks, int warmUpMillis, int rounds, int slices) {

    static final Effort FULL = new Effort(5, 1000, 15, 1000);
    static final Effort QUICK = new Effort(1, 500, 7, 500);
  }

  /** {@return one result for every workload and stack, workload by workload} */
  List<MixedResult> measure(List<String> stacks) {
    List<MixedResult> results = new ArrayList<>();
    for (MixedWorkload workload : MixedWorkload.values()) {
      int count = stacks.size();
      double[][] nanos = new double[3 * count][effort.forks()];
      for (int fork = 0; fork < effort.forks(); fork++) {
        double[] ofFork = fork(workload, stacks, fork);
        for (int i = 0; i < ofFork.length; i++) {
          nanos[i][fork] = ofFork[i];
        }
      }
      for (int i = 0; i < count; i++) {
        results.add(
            new MixedResult(
                workload,
                stacks.get(i),
                Spread.of(nanos[i]),
                Spread.of(nanos[count + i]),
                Spread.of(nanos[2 * count + i])));
      }
    }
    return results;
  }

  /** {@return the times of the stacks alone, then in turn, then called from one place} */
  private double[] fork(MixedWorkload workload, List<String> stacks, int number) {
    List<MixedFork> forks = new ArrayList<>();
    List<Integer> members = new ArrayList<>();
    try {
      for (String stack : stacks) {
        forks.add(new MixedFork(workload, false, List.of(stack), err));
        members.add(1);
      }
      forks.add(new MixedFork(workload, false, stacks, err));
      forks.add(new MixedFork(workload, true, stacks, err));
      members.add(stacks.size());
      members.add(stacks.size());
      String place = "%s, fork %d of %d: ".formatted(workload.label(), number + 1, effort.forks());
      for (int i = 0; i < forks.size(); i++) {
        progress.at(place + "warming up JVM " + (i + 1) + " of " + forks.size());
        forks.get(i).warmUp(effort.warmUpMillis() * members.get(i));
      }
      double[][] nanos = new double[3 * stacks.size()][effort.rounds()];
      for (int round = 0; round < effort.rounds(); round++) {
        progress.at(place + "round " + (round + 1) + " of " + effort.rounds());
        int row = 0;
        for (int i = 0; i < forks.size(); i++) {
          forks.get(i).round(effort.slices());
          for (int stack = 0; stack < members.get(i); stack++) {
            nanos[row++][round] = forks.get(i).nanos(stack);
          }
        }
      }
      return Arrays.stream(nanos).mapToDouble(rounds -> Spread.of(rounds).median()).toArray();
    } finally {
      forks.forEach(MixedFork::close);
    }
  }
}
