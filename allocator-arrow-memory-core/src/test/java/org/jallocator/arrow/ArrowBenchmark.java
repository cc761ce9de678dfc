package org.jallocator.arrow;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.RootAllocator;
import org.jallocator.stack.AllocatorStack;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Allocates one of Arrow's buffers, writes a byte, and releases it. Each thread has a root
 * allocator of its own, so that Arrow's counters are not what is measured; all threads share what
 * the memory is from. Run by {@link #main}: by hand, not by the build.
 */
@SuppressWarnings("NullAway") // JMH calls set-up first
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--enable-native-access=ALL-UNNAMED",
      "--add-opens=java.base/java.nio=ALL-UNNAMED",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    })
public class ArrowBenchmark {

  /** What docs/bridges/arrow.md recommends for speed: Arrow's sizes, and no lock up to 16 MiB. */
  static final String ALIGNED =
      "fallback(sizeclass(shared=true, alignment=64, maxSize=16MiB, jna),"
          + " large(shared=true, alignment=64, jna))";

  @Param({"netty", "unsafe", "@general", ALIGNED})
  String from;

  @Param({"256", "4096", "65536", "1048576", "16777216"})
  long size;

  AllocationManager.Factory factory;
  private AllocatorStack stack;

  @Setup
  public void open() throws ReflectiveOperationException {
    switch (from) {
      case "netty" -> factory = arrows("org.apache.arrow.memory.netty.NettyAllocationManager");
      case "unsafe" -> factory = arrows("org.apache.arrow.memory.unsafe.UnsafeAllocationManager");
      default -> {
        stack = AllocatorStack.open(from);
        factory = AllocatorArrow.factory(stack.allocator());
      }
    }
  }

  private static AllocationManager.Factory arrows(String name) throws ReflectiveOperationException {
    return (AllocationManager.Factory) Class.forName(name).getField("FACTORY").get(null);
  }

  @TearDown
  public void close() {
    if (stack != null) {
      stack.close();
    }
  }

  /** A root allocator for each thread. */
  @State(Scope.Thread)
  public static class Root {
    RootAllocator allocator;

    @Setup
    public void open(ArrowBenchmark benchmark) {
      allocator =
          new RootAllocator(
              RootAllocator.configBuilder().allocationManagerFactory(benchmark.factory).build());
    }

    @TearDown
    public void close() {
      allocator.close();
    }
  }

  @Benchmark
  public long allocateAndRelease(Root root) {
    try (ArrowBuf buffer = root.allocator.buffer(size)) {
      buffer.setByte(0, 1);
      return buffer.memoryAddress();
    }
  }

  /** Runs all, on one thread and on two, and prints times and ratios to the faster of Arrow's. */
  public static void main(String[] args) throws RunnerException {
    for (int threads = 1; threads <= 2; threads++) {
      ChainedOptionsBuilder options =
          new OptionsBuilder()
              .include(ArrowBenchmark.class.getName().replace(".", "\\."))
              .threads(threads);
      if (args.length > 0) {
        options.param("size", args);
      }
      print(threads, new Runner(options.build()).run());
    }
  }

  private static void print(int threads, Collection<RunResult> results) {
    Map<Long, Map<String, Double>> times = new TreeMap<>();
    for (RunResult result : results) {
      times
          .computeIfAbsent(Long.valueOf(result.getParams().getParam("size")), s -> new TreeMap<>())
          .put(result.getParams().getParam("from"), result.getPrimaryResult().getScore());
    }
    times.forEach(
        (size, row) -> {
          double best = Math.min(time(row, "netty"), time(row, "unsafe"));
          System.out.printf(
              Locale.ROOT,
              "result: threads=%d size=%d netty=%.0f unsafe=%.0f general=%.0f (%.2f) aligned=%.0f"
                  + " (%.2f)%n",
              threads,
              size,
              time(row, "netty"),
              time(row, "unsafe"),
              time(row, "@general"),
              time(row, "@general") / best,
              time(row, ALIGNED),
              time(row, ALIGNED) / best);
        });
  }

  private static double time(Map<String, Double> row, String from) {
    return Objects.requireNonNull(row.get(from), from);
  }
}
