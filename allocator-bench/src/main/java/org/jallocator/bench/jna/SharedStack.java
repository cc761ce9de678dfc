package org.jallocator.bench.jna;

import org.jallocator.Allocator;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.stack.AllocatorStack;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What all threads of the {@code jna} command share. */
@State(Scope.Benchmark)
public class SharedStack {

  /** The root of {@link DefaultStacks#SHARED_FIXED}. */
  Allocator blocks;

  private AllocatorStack stack;

  /** Made by JMH. */
  public SharedStack() {}

  /** Opens the stack. */
  @Setup
  public void open() {
    stack = AllocatorStack.open(DefaultStacks.SHARED_FIXED);
    blocks = stack.allocator();
  }

  /** Closes it, which finds what a benchmark forgot to free. */
  @TearDown
  public void close() {
    stack.close();
  }
}
