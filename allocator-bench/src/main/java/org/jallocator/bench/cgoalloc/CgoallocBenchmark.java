package org.jallocator.bench.cgoalloc;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jallocator.Allocator;
import org.jallocator.arena.ArenaAllocator;
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
import org.openjdk.jmh.infra.Blackhole;

/**
 * The benchmarks of the reference, the Go library cgoalloc, with its parameters: the baseline
 * {@code jna} stands beside every stack.
 *
 * <p>One operation is one malloc and its free. The sizes come out of an array, so that the compiler
 * knows no more of them than it would in use. What is unfair: nothing happens between a malloc and
 * its free, so the compiler may keep in registers what a call to C would force it to store; and no
 * block is written to. Both favour the allocators that stay in Java, here as in the reference.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
    value = 3,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", CgoallocBenchmark.YOUNG_GENERATION})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class CgoallocBenchmark {

  /**
   * Small, so that the warm-up has touched all of it: the system clears a page of fresh memory at
   * the first touch, and an arena for every two blocks would be charged for that.
   */
  static final String YOUNG_GENERATION = "-Xmn64m";

  static final String JNA = "jna";
  static final String FIXED_64 = "fixedblock(blockSize=64, pageSize=4KiB, alignment=8, jna)";
  static final String FIXED_8 = "fixedblock(blockSize=8, pageSize=1MiB, alignment=8, jna)";
  static final String SMALL_LAYERS =
      "fallback(fixedblock(blockSize=8, pageSize=256, alignment=8, jna), "
          + "fallback(fixedblock(blockSize=256, pageSize=2KiB, alignment=8, jna), jna))";
  static final String LARGE_LAYERS =
      "fallback(fixedblock(blockSize=8, pageSize=1MiB, alignment=8, jna), "
          + "fallback(fixedblock(blockSize=256, pageSize=32MiB, alignment=8, jna), jna))";

  /** Blocks live at the top of a GrowShrink. */
  private static final int LIVE = 1_000_000;

  /** Operations of one TemporaryData invocation: the period of the reference's mixed sizes. */
  private static final int ROUND = 100;

  /** Operations of one arena. */
  private static final int PER_ARENA = 2;

  /** Made by JMH. */
  public CgoallocBenchmark() {}

  /**
   * Mallocs 64 bytes and frees them at once.
   *
   * @param state the stack and the sizes
   * @param blackhole takes the addresses
   */
  @Benchmark
  @OperationsPerInvocation(ROUND)
  public void temporaryData(UniformTemporaries state, Blackhole blackhole) {
    temporaries(state.allocator, state.sizes, blackhole);
  }

  /**
   * Mallocs 4 bytes, every tenth time 128, every hundredth 512, and frees them at once.
   *
   * @param state the stack and the sizes
   * @param blackhole takes the addresses
   */
  @Benchmark
  @OperationsPerInvocation(ROUND)
  public void multilayerTemporaryData(MixedTemporaries state, Blackhole blackhole) {
    temporaries(state.allocator, state.sizes, blackhole);
  }

  private static void temporaries(Allocator allocator, long[] sizes, Blackhole blackhole) {
    for (long size : sizes) {
      long address = allocator.malloc(size);
      blackhole.consume(address);
      allocator.free(address);
    }
  }

  /**
   * Makes an arena over a fixed-block allocator, mallocs twice 64 bytes from it and frees all. As
   * in the reference the arena is not closed: it holds nothing any more.
   *
   * @param state the stack below the arena
   * @param blackhole takes the addresses
   */
  @Benchmark
  @OperationsPerInvocation(PER_ARENA)
  public void arenaTemporaryData(BelowArena state, Blackhole blackhole) {
    ArenaAllocator arena = ArenaAllocator.create(state.allocator);
    blackhole.consume(arena.malloc(state.sizes[0]));
    blackhole.consume(arena.malloc(state.sizes[1]));
    arena.freeAll();
  }

  /**
   * Mallocs a million times 8 bytes, then frees them in the same order.
   *
   * @param state the stack and the sizes
   * @return the addresses
   */
  @Benchmark
  @OperationsPerInvocation(LIVE)
  public long[] growShrink(UniformGrowth state) {
    return growAndShrink(state.allocator, state.sizes, state.addresses);
  }

  /**
   * Mallocs a million times 4 bytes, every hundredth time 128, every thousandth 512, then frees
   * them in the same order.
   *
   * @param state the stack and the sizes
   * @return the addresses
   */
  @Benchmark
  @OperationsPerInvocation(LIVE)
  public long[] multilayerGrowShrink(MixedGrowth state) {
    return growAndShrink(state.allocator, state.sizes, state.addresses);
  }

  private static long[] growAndShrink(Allocator allocator, long[] sizes, long[] addresses) {
    int next = 0;
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = allocator.malloc(sizes[next]);
      if (++next == sizes.length) {
        next = 0;
      }
    }
    for (long address : addresses) {
      allocator.free(address);
    }
    return addresses;
  }

  /** {@return a round of the reference's mixed sizes: one of 512, some of 128, the rest of 4} */
  private static long[] mixed(int round, int everyOf128) {
    long[] sizes = new long[round];
    for (int i = 0; i < round; i++) {
      sizes[i] = i == 0 ? 512 : i % everyOf128 == 0 ? 128 : 4;
    }
    return sizes;
  }

  private static long[] uniform(int round, long size) {
    long[] sizes = new long[round];
    Arrays.fill(sizes, size);
    return sizes;
  }

  /** What every benchmark is given: an open stack, and the sizes to ask it for, in turn. */
  @State(Scope.Thread)
  public abstract static class OpenStack {

    /** The root of the stack. */
    Allocator allocator;

    /** The sizes, in bytes. */
    final long[] sizes;

    private AllocatorStack open;

    OpenStack(long[] sizes) {
      this.sizes = sizes;
    }

    abstract String expression();

    /** Opens the stack. */
    @Setup
    public void open() {
      open = AllocatorStack.open(expression());
      allocator = open.allocator();
    }

    /** Closes the stack, which finds what a benchmark forgot to free. */
    @TearDown
    public void close() {
      open.close();
    }
  }

  /** 64 bytes each time. */
  public static class UniformTemporaries extends OpenStack {

    /** The stack. */
    @Param({JNA, FIXED_64})
    public String stack;

    /** Made by JMH. */
    public UniformTemporaries() {
      super(uniform(ROUND, 64));
    }

    @Override
    String expression() {
      return stack;
    }
  }

  /** The reference's mixed sizes for temporary data. */
  public static class MixedTemporaries extends OpenStack {

    /** The stack. */
    @Param({JNA, SMALL_LAYERS})
    public String stack;

    /** Made by JMH. */
    public MixedTemporaries() {
      super(mixed(ROUND, 10));
    }

    @Override
    String expression() {
      return stack;
    }
  }

  /** 64 bytes each time, for an arena over the stack. */
  public static class BelowArena extends OpenStack {

    /** The stack below the arena. */
    @Param(FIXED_64)
    public String stack;

    /** Made by JMH. */
    public BelowArena() {
      super(uniform(PER_ARENA, 64));
    }

    @Override
    String expression() {
      return stack;
    }
  }

  /** 8 bytes each time. */
  public static class UniformGrowth extends OpenStack {

    /** The stack. */
    @Param({JNA, FIXED_8})
    public String stack;

    final long[] addresses = new long[LIVE];

    /** Made by JMH. */
    public UniformGrowth() {
      super(uniform(ROUND, 8));
    }

    @Override
    String expression() {
      return stack;
    }
  }

  /** The reference's mixed sizes for growing and shrinking. */
  public static class MixedGrowth extends OpenStack {

    /** The stack. */
    @Param({JNA, LARGE_LAYERS})
    public String stack;

    final long[] addresses = new long[LIVE];

    /** Made by JMH. */
    public MixedGrowth() {
      super(mixed(10 * ROUND, 100));
    }

    @Override
    String expression() {
      return stack;
    }
  }
}
