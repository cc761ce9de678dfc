package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Runs the example. */
final class ArrowExampleTest {

  @Test
  void leavesNothing() throws Exception {
    long before = AllocatorArrow.stack().allocator().stats().liveBlocks();
    ArrowExample.main(new String[0]);
    assertEquals(before, AllocatorArrow.stack().allocator().stats().liveBlocks());
  }
}
