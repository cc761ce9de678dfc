package org.jallocator.bench.threads;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.natives.PreloadedAllocator;
import org.jallocator.bench.run.Rounds;

/**
 * Puts contenders to workloads. The contenders of a workload take turns, round by round, each in a
 * process of its own: a JVM, or for the allocators called from C the C program.
 *
 * <p>Confined to its owner thread.
 */
public final class ThreadsMeasurement {

  private final Effort effort;
  private final Progress progress;
  private final PrintWriter err;

  public ThreadsMeasurement(Effort effort, Progress progress, PrintWriter err) {
    this.effort = effort;
    this.progress = progress;
    this.err = err;
  }

  /**
   * How much is measured.
   *
   * @param rounds timed rounds of each contender, workload and number of threads
   * @param roundMillis the length of a round
   */
  public record Effort(int rounds, int roundMillis) {

    static final Effort FULL = new Effort(15, 200);
    static final Effort QUICK = new Effort(5, 50);
  }

  /** {@return results by number of threads, and within that by contender} */
  public List<ThreadsResult> measure(
      ThreadWorkload workload, List<String> contenders, List<PreloadedAllocator> natives) {
    Map<String, Supplier<ThreadsFork>> starts = new LinkedHashMap<>();
    for (String contender : contenders) {
      starts.put(contender, () -> ThreadsFork.inJava(contender, workload, err));
    }
    for (PreloadedAllocator stack : workload.inC() ? natives : List.<PreloadedAllocator>of()) {
      starts.put(stack.name(), () -> ThreadsFork.inC(stack, workload, err));
    }
    List<ThreadsFork> forks = new ArrayList<>();
    try {
      List<int[]> quotas = new ArrayList<>();
      for (Supplier<ThreadsFork> start : starts.values()) {
        progress.at(
            "%s: warming up %d of %d".formatted(workload.label(), forks.size() + 1, starts.size()));
        ThreadsFork fork = start.get();
        forks.add(fork);
        quotas.add(
            workload.threadCounts().stream()
                .mapToInt(threads -> fork.warmUp(threads, effort.roundMillis()))
                .toArray());
      }
      List<Spread[]> rates = new ArrayList<>();
      for (int i = 0; i < workload.threadCounts().size(); i++) {
        int[] quotaOfFork = new int[forks.size()];
        for (int fork = 0; fork < quotaOfFork.length; fork++) {
          quotaOfFork[fork] = quotas.get(fork)[i];
        }
        rates.add(time(workload, workload.threadCounts().get(i), forks, quotaOfFork));
      }
      return results(workload, List.copyOf(starts.keySet()), forks, rates);
    } finally {
      forks.forEach(ThreadsFork::close);
    }
  }

  /** {@return the operations a second of each fork, over its rounds} */
  private Spread[] time(
      ThreadWorkload workload, int threads, List<ThreadsFork> forks, int[] quotas) {
    long[][] nanos =
        Rounds.takeTurns(
            forks.size(),
            effort.rounds(),
            round ->
                progress.at(
                    "%s, threads: %d, round %d of %d"
                        .formatted(workload.label(), threads, round, effort.rounds())),
            (fork, round) -> forks.get(fork).round(threads, quotas[fork]));
    Spread[] rates = new Spread[nanos.length];
    for (int fork = 0; fork < nanos.length; fork++) {
      double operations = workload.operations(threads, quotas[fork]);
      rates[fork] = Spread.of(nanos[fork]).inverse(operations * TimeUnit.SECONDS.toNanos(1));
    }
    return rates;
  }

  /** Asks for the peaks, which spoils the forks for timing, and so comes last. */
  private List<ThreadsResult> results(
      ThreadWorkload workload,
      List<String> contenders,
      List<ThreadsFork> forks,
      List<Spread[]> rates) {
    List<ThreadsResult> results = new ArrayList<>();
    for (int i = 0; i < rates.size(); i++) {
      int threads = workload.threadCounts().get(i);
      for (int fork = 0; fork < forks.size(); fork++) {
        progress.at(workload.label() + ": what each stack takes from C");
        Long peak = forks.get(fork).peakReservedBytes(threads, workload.leastQuota());
        results.add(
            new ThreadsResult(workload, contenders.get(fork), threads, rates.get(i)[fork], peak));
      }
    }
    return results;
  }
}
