package org.jallocator.bench.jmh;

import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * How much JMH measures.
 *
 * @param forks JVMs a benchmark
 * @param warmUps iterations to warm up, in each
 * @param iterations iterations that count, in each
 * @param millis the length of an iteration
 */
public record JmhEffort(int forks, int warmUps, int iterations, int millis) {

  /** {@return JMH's options for all benchmarks of a class} */
  public ChainedOptionsBuilder options(Class<?> benchmarks) {
    return new OptionsBuilder()
        .include("\\Q" + benchmarks.getName() + "\\E\\..*")
        .forks(forks)
        .warmupIterations(warmUps)
        .warmupTime(TimeValue.milliseconds(millis))
        .measurementIterations(iterations)
        .measurementTime(TimeValue.milliseconds(millis))
        .shouldFailOnError(true);
  }
}
