package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.arrow.memory.RootAllocator;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;

/**
 * A stack and a root allocator of Arrow that takes all memory from it.
 *
 * @param stack the stack
 * @param root the root allocator
 */
record ArrowStack(AllocatorStack stack, RootAllocator root) implements AutoCloseable {

  static ArrowStack open(String expression) {
    return open(expression, Long.MAX_VALUE);
  }

  static ArrowStack open(String expression, long limit) {
    AllocatorStack stack = AllocatorStack.open(expression);
    return new ArrowStack(stack, root(stack.allocator(), limit));
  }

  static RootAllocator root(Allocator allocator, long limit) {
    return new RootAllocator(
        RootAllocator.configBuilder()
            .allocationManagerFactory(AllocatorArrow.factory(allocator))
            .maxAllocation(limit)
            .build());
  }

  static void assertSays(String expected, Throwable thrown) {
    String message = String.valueOf(thrown.getMessage());
    assertTrue(message.contains(expected), message);
  }

  /** {@return the blocks that Arrow holds of the stack} */
  long liveBlocks() {
    return stack.allocator().stats().liveBlocks();
  }

  /** Closes both; each of them checks that nothing is left. */
  @Override
  public void close() {
    root.close();
    stack.close();
  }
}
