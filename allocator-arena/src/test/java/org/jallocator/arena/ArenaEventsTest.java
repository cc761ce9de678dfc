package org.jallocator.arena;

import org.jallocator.Allocator;
import org.jallocator.testkit.EventsContract;
import org.junit.jupiter.api.Nested;

/** What arenas tell listeners. */
final class ArenaEventsTest {

  @Nested
  final class WithDefaults extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner);
    }

    @Override
    protected String layer() {
      return "arena";
    }
  }

  @Nested
  final class WithSmallChunks extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 4096, 16);
    }

    @Override
    protected String layer() {
      return "arena";
    }
  }

  @Nested
  final class WithAnAlignmentOfItsOwn extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 10_000, 256);
    }

    @Override
    protected String layer() {
      return "arena";
    }
  }

  @Nested
  final class WithLargeBlocksAlone extends EventsContract {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 1, 1);
    }

    @Override
    protected String layer() {
      return "arena";
    }
  }
}
