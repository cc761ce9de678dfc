package org.jallocator.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.concurrent.TimeUnit;
import org.jallocator.Allocator;
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
import org.openjdk.jmh.infra.Blackhole;

/**
 * An arena that is opened, serves one segment, and is closed: the JDK's, and ours over a stack. The
 * slicing allocator has no arena to close: it is made anew on a segment that stays.
 *
 * <p>Unfair to ours: filling a large segment with zeros costs the same everywhere, and most of the
 * whole. Unfair to the JDK's: the stack has the block at hand.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 2, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@SuppressWarnings({"exports", "restricted"})
public class ArenaBenchmark {

  /** In bytes. */
  @Param({"8", "256", "4096", "65536", "1048576"})
  public long size;

  private final AllocatorStack stack = AllocatorStack.open("@general");
  private final Allocator allocator = stack.allocator();
  private final AllocatorStack confinedStack =
      AllocatorStack.open("fallback(sizeclass(jna), large(jna))");
  private final Allocator confined = confinedStack.allocator();
  private final Arena arena = Arena.ofConfined();
  private MemorySegment room = MemorySegment.NULL;

  /** Made by JMH. */
  public ArenaBenchmark() {}

  /** Takes the slicing allocator's memory. */
  @Setup
  public void setUp() {
    room = arena.allocate(size, 8);
  }

  /** Closes what is open. */
  @TearDown
  public void tearDown() {
    arena.close();
    stack.close();
    confinedStack.close();
  }

  private void useAndClose(Arena arena, Blackhole blackhole) {
    try (arena) {
      blackhole.consume(arena.allocate(size, 8));
    }
  }

  /** The JDK's confined arena. */
  @Benchmark
  public void jdkConfined(Blackhole blackhole) {
    useAndClose(Arena.ofConfined(), blackhole);
  }

  /** Ours on the general-purpose stack. */
  @Benchmark
  public void stackConfined(Blackhole blackhole) {
    useAndClose(AllocatorArena.ofConfined(allocator), blackhole);
  }

  /** Ours on a confined stack. */
  @Benchmark
  public void confinedStackConfined(Blackhole blackhole) {
    useAndClose(AllocatorArena.ofConfined(confined), blackhole);
  }

  /** Ours on the general-purpose stack, without the filling. */
  @Benchmark
  public void stackConfinedUninitialized(Blackhole blackhole) {
    try (AllocatorArena own = AllocatorArena.ofConfined(allocator)) {
      blackhole.consume(own.uninitialized().allocate(size, 8));
    }
  }

  /** The JDK's shared arena. */
  @Benchmark
  public void jdkShared(Blackhole blackhole) {
    useAndClose(Arena.ofShared(), blackhole);
  }

  /** Ours on the general-purpose stack. */
  @Benchmark
  public void stackShared(Blackhole blackhole) {
    useAndClose(AllocatorArena.ofShared(allocator), blackhole);
  }

  /** The JDK's slicing allocator, which fills nothing. */
  @Benchmark
  public void jdkSlicing(Blackhole blackhole) {
    blackhole.consume(SegmentAllocator.slicingAllocator(room).allocate(size, 8));
  }

  /** What a segment costs that is made by a restricted call of its own. */
  @Benchmark
  public void reinterpretPerSegment(Blackhole blackhole) {
    try (Arena own = Arena.ofConfined()) {
      long address = allocator.malloc(size);
      blackhole.consume(
          MemorySegment.ofAddress(address)
              .reinterpret(size, own, segment -> allocator.free(segment.address(), size))
              .fill((byte) 0));
    }
  }
}
