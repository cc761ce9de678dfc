package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.testkit.EventsContract;
import org.junit.jupiter.api.Nested;

/** What confined allocators of this package tell listeners. */
final class ConfinedEventsTest {

  @Nested
  final class FixedBlocks extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.builder(inner).blockSize(64).pageSize(256).build();
    }

    @Override
    protected String layer() {
      return "fixedblock";
    }
  }

  @Nested
  final class SizeClasses extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return SizeClassAllocator.builder(inner).build();
    }

    @Override
    protected String layer() {
      return "sizeclass";
    }
  }
}
