package org.jallocator.bench.jna;

import org.jallocator.Allocator;
import org.jallocator.jna.NativeScope;
import org.jallocator.stack.AllocatorStack;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What each thread of the {@code jna} command has to itself. */
@State(Scope.Thread)
public class ConfinedStacks {

  /** Blocks for memory and for String arguments. */
  static final String BLOCKS = "fixedblock(blockSize=64, jna)";

  /** Blocks that scopes take as their chunks. */
  static final String CHUNKS = "fixedblock(blockSize=1KiB, jna)";

  /** The root of {@link #BLOCKS}. */
  Allocator blocks;

  /** The root of {@link #CHUNKS}. */
  Allocator chunks;

  /** The scope that the thread keeps open. */
  NativeScope scope;

  private AllocatorStack blockStack;
  private AllocatorStack chunkStack;

  /** Made by JMH. */
  public ConfinedStacks() {}

  /** Opens the stacks and the scope. */
  @Setup
  public void open() {
    blockStack = AllocatorStack.open(BLOCKS);
    blocks = blockStack.allocator();
    chunkStack = AllocatorStack.open(CHUNKS);
    chunks = chunkStack.allocator();
    scope = NativeScope.open(chunks);
  }

  /** Closes them, which finds what a benchmark forgot to free. */
  @TearDown
  public void close() {
    scope.close();
    chunkStack.close();
    blockStack.close();
  }
}
