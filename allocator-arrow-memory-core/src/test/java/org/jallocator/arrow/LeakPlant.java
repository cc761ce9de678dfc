package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.apache.arrow.memory.BufferAllocator;

/** Forgets a buffer, on a line that a report can name. */
final class LeakPlant {

  private LeakPlant() {}

  static void plant(BufferAllocator allocator) {
    assertEquals(4096, allocator.buffer(4000).capacity());
  }
}
