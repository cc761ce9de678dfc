package org.jallocator.bench.diagnostics;

import java.util.concurrent.TimeUnit;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One malloc and one free of 64 bytes through each diagnostic layer. The cost of a layer is its row
 * less the row without one. Each row has a JVM of its own, which favours all.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Benchmark)
public class DiagnosticsBenchmark {

  private static final int SIZE = 64;
  private static final int BATCH = 100;

  /** The layer; empty: none. */
  @Param({"", "stats", "limit", "tracked", "sampled", "guarded", "failing"})
  public String layer;

  /** Whether the stack is for any thread. */
  @Param({"false", "true"})
  public boolean shared;

  private AllocatorStack stack;
  private Allocator allocator;
  private final long[] batch = new long[BATCH];

  /** Made by JMH. */
  public DiagnosticsBenchmark() {}

  /** Opens the stack, on the thread that runs the benchmark. */
  @Setup
  public void open() {
    String blocks = "sizeclass(shared=" + shared + ", jna)";
    stack =
        AllocatorStack.open(
            switch (layer) {
              case "" -> blocks;
              case "limit" -> "limit(bytes=1G, " + blocks + ")";
              case "sampled" -> "tracked(sample=512K, history=0, " + blocks + ")";
              default -> layer + "(" + blocks + ")";
            });
    allocator = stack.allocator();
  }

  /** Closes the stack. */
  @TearDown
  public void close() {
    stack.close();
  }

  /** {@return the address of a block that is freed at once} */
  @Benchmark
  public long temporary() {
    long address = allocator.malloc(SIZE);
    allocator.free(address);
    return address;
  }

  /** {@return one of the addresses of blocks that are live at the same time} */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long batch() {
    long[] batch = this.batch;
    for (int i = 0; i < BATCH; i++) {
      batch[i] = allocator.malloc(SIZE);
    }
    for (int i = 0; i < BATCH; i++) {
      allocator.free(batch[i]);
    }
    return batch[0];
  }
}
