package org.jallocator.bench.jna;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.ptr.IntByReference;
import java.util.concurrent.TimeUnit;
import org.jallocator.Allocator;
import org.jallocator.jna.AllocatorMemory;
import org.jallocator.jna.NativeScope;
import org.lwjgl.system.MemoryStack;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What JNA's users hold, made and released without a call into C: as plain JNA does it, and as we
 * do.
 *
 * <p>What is unfair, and to whom: JNA's own is closed at once, by a cast if there is no other way,
 * which few programs do; the methods that end in {@code Left} leave it to the cleaner, as nearly
 * everybody does, and their figures are those of a heap that fills up. The work of the cleaner's
 * thread is in no figure but by way of the lock and of the processor that it takes. Each benchmark
 * has a JVM of its own that knows one kind of allocator, which favours ours. LWJGL looks its stack
 * up for the thread, whereas ours has its scope at hand; ours checks more.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class JnaMemoryBenchmark {

  private static final int SIZE = 64;

  /** Made by JMH. */
  public JnaMemoryBenchmark() {}

  /**
   * Mallocs and frees by JNA's own methods.
   *
   * @param blackhole takes the address
   */
  @Benchmark
  public void rawJna(Blackhole blackhole) {
    long address = Native.malloc(SIZE);
    blackhole.consume(address);
    Native.free(address);
  }

  /**
   * Mallocs and frees on a confined stack.
   *
   * @param stacks the thread's own
   * @param blackhole takes the address
   */
  @Benchmark
  public void rawConfined(ConfinedStacks stacks, Blackhole blackhole) {
    pair(stacks.blocks, blackhole);
  }

  /**
   * Mallocs and frees on a shared stack.
   *
   * @param stack everybody's
   * @param blackhole takes the address
   */
  @Benchmark
  public void rawShared(SharedStack stack, Blackhole blackhole) {
    pair(stack.blocks, blackhole);
  }

  private static void pair(Allocator allocator, Blackhole blackhole) {
    long address = allocator.malloc(SIZE);
    blackhole.consume(address);
    allocator.free(address, SIZE);
  }

  /**
   * Pushes LWJGL's stack, mallocs and pops.
   *
   * @return the address
   */
  @Benchmark
  public long scopeLwjgl() {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      return stack.nmalloc(SIZE);
    }
  }

  /**
   * Opens a scope, mallocs and closes.
   *
   * @param stacks the thread's own
   * @return the address
   */
  @Benchmark
  public long scopeOpen(ConfinedStacks stacks) {
    try (NativeScope scope = NativeScope.open(stacks.chunks)) {
      return scope.malloc(SIZE);
    }
  }

  /**
   * Opens a scope in one that is kept open, mallocs and closes.
   *
   * @param stacks the thread's own
   * @return the address
   */
  @Benchmark
  public long scopeNested(ConfinedStacks stacks) {
    try (NativeScope scope = stacks.scope.nested()) {
      return scope.malloc(SIZE);
    }
  }

  /**
   * Makes JNA's memory and closes it.
   *
   * @param blackhole takes the memory
   */
  @Benchmark
  public void bufferJna(Blackhole blackhole) {
    try (Memory memory = new Memory(SIZE)) {
      blackhole.consume(memory);
    }
  }

  /**
   * Makes JNA's memory and leaves it to the cleaner.
   *
   * @param backlog gives the cleaner time after each iteration
   * @return the memory
   */
  @Benchmark
  public Memory bufferJnaLeft(CleanerBacklog backlog) {
    return new Memory(SIZE);
  }

  /**
   * Makes memory on a confined stack and closes it.
   *
   * @param stacks the thread's own
   * @param blackhole takes the memory
   */
  @Benchmark
  public void bufferConfined(ConfinedStacks stacks, Blackhole blackhole) {
    buffer(stacks.blocks, blackhole);
  }

  /**
   * Makes memory on a shared stack and closes it.
   *
   * @param stack everybody's
   * @param blackhole takes the memory
   */
  @Benchmark
  public void bufferShared(SharedStack stack, Blackhole blackhole) {
    buffer(stack.blocks, blackhole);
  }

  private static void buffer(Allocator allocator, Blackhole blackhole) {
    try (Memory memory = AllocatorMemory.malloc(allocator, SIZE)) {
      blackhole.consume(memory);
    }
  }

  /**
   * Makes memory in a nested scope.
   *
   * @param stacks the thread's own
   * @param blackhole takes the memory
   */
  @Benchmark
  public void bufferNested(ConfinedStacks stacks, Blackhole blackhole) {
    try (NativeScope scope = stacks.scope.nested()) {
      blackhole.consume(scope.memory(SIZE));
    }
  }

  /**
   * Makes a structure on JNA's memory and closes that.
   *
   * @param blackhole takes the structure
   */
  @Benchmark
  public void structJna(Blackhole blackhole) {
    SmallStruct struct = new SmallStruct();
    blackhole.consume(struct);
    ((Memory) struct.getPointer()).close();
  }

  /**
   * Makes a structure on JNA's memory and leaves it to the cleaner.
   *
   * @param backlog gives the cleaner time after each iteration
   * @return the structure
   */
  @Benchmark
  public SmallStruct structJnaLeft(CleanerBacklog backlog) {
    return new SmallStruct();
  }

  /**
   * Makes a structure on memory that is there already: what no allocator can change.
   *
   * @param memory the memory
   * @return the structure
   */
  @Benchmark
  public SmallStruct structGiven(GivenMemory memory) {
    return new SmallStruct(memory.pointer);
  }

  /**
   * Makes a structure in a scope.
   *
   * @param stacks the thread's own
   * @param blackhole takes the structure
   */
  @Benchmark
  public void structOpen(ConfinedStacks stacks, Blackhole blackhole) {
    try (NativeScope scope = NativeScope.open(stacks.chunks)) {
      blackhole.consume(scope.struct(SmallStruct.class));
    }
  }

  /**
   * Makes a structure in a nested scope.
   *
   * @param stacks the thread's own
   * @param blackhole takes the structure
   */
  @Benchmark
  public void structNested(ConfinedStacks stacks, Blackhole blackhole) {
    try (NativeScope scope = stacks.scope.nested()) {
      blackhole.consume(scope.struct(SmallStruct.class));
    }
  }

  /**
   * Makes a by-reference on JNA's memory and closes that.
   *
   * @param blackhole takes the by-reference
   */
  @Benchmark
  public void referenceJna(Blackhole blackhole) {
    IntByReference reference = new IntByReference();
    blackhole.consume(reference);
    ((Memory) reference.getPointer()).close();
  }

  /**
   * Makes a by-reference on JNA's memory and leaves it to the cleaner.
   *
   * @param backlog gives the cleaner time after each iteration
   * @return the by-reference
   */
  @Benchmark
  public IntByReference referenceJnaLeft(CleanerBacklog backlog) {
    return new IntByReference();
  }

  /**
   * Borrows a by-reference from a scope.
   *
   * @param stacks the thread's own
   * @param blackhole takes the by-reference
   */
  @Benchmark
  public void referenceOpen(ConfinedStacks stacks, Blackhole blackhole) {
    try (NativeScope scope = NativeScope.open(stacks.chunks)) {
      blackhole.consume(scope.intByReference());
    }
  }

  /**
   * Borrows a by-reference from a nested scope.
   *
   * @param stacks the thread's own
   * @param blackhole takes the by-reference
   */
  @Benchmark
  public void referenceNested(ConfinedStacks stacks, Blackhole blackhole) {
    try (NativeScope scope = stacks.scope.nested()) {
      blackhole.consume(scope.intByReference());
    }
  }
}
