package org.jallocator.bench.jmh;

import java.util.Collection;
import java.util.Locale;
import org.jallocator.bench.console.Progress;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.format.OutputFormat;

/** Turns what JMH tells of a run into one line of progress; the rest of its talk is dropped. */
public final class JmhProgress implements OutputFormat {

  private final Progress progress;
  private final int benchmarks;
  private int started;

  /**
   * Makes a teller of one or several runs.
   *
   * @param progress where to tell it
   * @param benchmarks how many there are, in all runs
   */
  public JmhProgress(Progress progress, int benchmarks) {
    this.progress = progress;
    this.benchmarks = benchmarks;
  }

  @Override
  public void startBenchmark(BenchmarkParams benchmark) {
    started++;
  }

  @Override
  public void iteration(BenchmarkParams benchmark, IterationParams iterations, int iteration) {
    String name = benchmark.getBenchmark();
    String stack = benchmark.getParam("stack");
    progress.at(
        "%d of %d: %s, %s %d of %d, %s"
            .formatted(
                started,
                benchmarks,
                name.substring(name.lastIndexOf('.') + 1),
                iterations.getType().toString().toLowerCase(Locale.ROOT),
                iteration,
                iterations.getCount(),
                stack == null ? "threads: " + benchmark.getThreads() : stack));
  }

  @Override
  public void iterationResult(
      BenchmarkParams benchmark,
      IterationParams iterations,
      int iteration,
      IterationResult result) {}

  @Override
  public void endBenchmark(BenchmarkResult result) {}

  @Override
  public void startRun() {}

  @Override
  public void endRun(Collection<RunResult> results) {}

  @Override
  public void print(String text) {}

  @Override
  public void println(String text) {}

  @Override
  public void flush() {}

  @Override
  public void close() {}

  @Override
  public void verbosePrintln(String text) {}

  @Override
  public void write(int character) {}

  @Override
  public void write(byte[] characters) {}
}
