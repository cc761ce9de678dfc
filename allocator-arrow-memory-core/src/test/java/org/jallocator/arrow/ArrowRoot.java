package org.jallocator.arrow;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.apache.arrow.memory.BufferAllocator;
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
    assertTrue(allocator.getAllocatedMemory() > 0);
    assertHolds(stack, allocator);
  }

  /**
   * Waits until a stack has as many live bytes as a root allocator counts. Arrow counts a buffer
   * before it allocates it, and threads of gRPC may be between the two, so one look may find less.
   */
  static void assertHolds(AllocatorStack stack, BufferAllocator arrow) {
    await()
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(
            () -> {
              long counted = arrow.getAllocatedMemory();
              long live = stack.allocator().stats().liveBytes();
              assertTrue(live >= counted, "live=" + live + ", arrow=" + counted);
            });
  }

  @Override
  public void close() {
    assertEquals(0, allocator.getAllocatedMemory());
    allocator.close();
    assertEquals(0, liveBlocks());
    stack.close();
  }
}
