package org.jallocator.large;

import org.jallocator.Allocator;
import org.jallocator.testkit.EventsContract;
import org.junit.jupiter.api.Nested;

/** What large-block allocators tell listeners. */
final class LargeBlockEventsTest {

  @Nested
  final class WithDefaults extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.create(inner);
    }

    @Override
    protected String layer() {
      return "large";
    }
  }

  @Nested
  final class ThatKeepsNothing extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).retain(0).build();
    }

    @Override
    protected String layer() {
      return "large";
    }
  }

  @Nested
  final class SharedThatKeepsAFewBlocks extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).retain(5000).shared().build();
    }

    @Override
    protected String layer() {
      return "large";
    }
  }

  @Nested
  final class WithAnAlignmentOfItsOwn extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).alignment(512).build();
    }

    @Override
    protected String layer() {
      return "large";
    }
  }
}
