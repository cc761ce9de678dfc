package org.jallocator.bench;

import java.util.Collection;
import java.util.Locale;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.format.OutputFormat;

/** Turns what JMH tells of a run into one line of progress; the rest of its talk is dropped. */
final class ReferenceProgress implements OutputFormat {

  private final Progress progress;
  private int started;

  ReferenceProgress(Progress progress) {
    this.progress = progress;
  }

  @Override
  public void startBenchmark(BenchmarkParams benchmark) {
    started++;
  }

  @Override
  public void iteration(BenchmarkParams benchmark, IterationParams iterations, int iteration) {
    String name = benchmark.getBenchmark();
    progress.at(
        "%d of %d: %s, %s %d of %d, %s"
            .formatted(
                started,
                ReferenceRow.values().length,
                name.substring(name.lastIndexOf('.') + 1),
                iterations.getType().toString().toLowerCase(Locale.ROOT),
                iteration,
                iterations.getCount(),
                benchmark.getParam("stack")));
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
