package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.arrow.memory.RootAllocator;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;

/**
 * A root allocator of Arrow over a stack of its own. Closing checks both: nothing is left.
 *
 * @param stack the stack
 * @param allocator the root allocator
 */
record ArrowRoot(AllocatorStack stack, RootAllocator allocator) implements AutoCloseable {

  static ArrowRoot open(String expression) {
    AllocatorStack stack = AllocatorStack.open(expression);
    return new ArrowRoot(stack, root(stack.allocator()));
  }

  static RootAllocator root(Allocator allocator) {
    return new RootAllocator(
        RootAllocator.configBuilder()
            .allocationManagerFactory(AllocatorArrow.factory(allocator))
            .build());
  }

  long liveBlocks() {
    return stack.allocator().stats().liveBlocks();
  }

  /** Checks that what Arrow counts is in blocks of the stack. */
  void assertHoldsAllOfArrowsBytes() {
    long arrow = allocator.getAllocatedMemory();
    long live = stack.allocator().stats().liveBytes();
    assertTrue(arrow > 0, "arrow=" + arrow);
    assertTrue(live >= arrow, "live=" + live + ", arrow=" + arrow);
  }

  @Override
  public void close() {
    assertEquals(0, allocator.getAllocatedMemory());
    allocator.close();
    assertEquals(0, liveBlocks());
    stack.close();
  }
}
