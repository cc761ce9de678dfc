package org.jallocator.arena;

import org.jallocator.Allocator;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The contract on arenas of many shapes. */
@Tag("once")
final class ArenaContractTest {

  @Nested
  final class WithDefaults extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner);
    }
  }

  @Nested
  final class WithChunksOf64Bytes extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 64, 16);
    }
  }

  @Nested
  final class WithAnInnerOf64Bytes extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.maxSize(64);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner);
    }
  }

  @Nested
  final class AlignedToOneByte extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 1000, 1);
    }
  }

  @Nested
  final class AlignedByHandTo64Bytes extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.alignment(8);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 4096, 64);
    }
  }

  @Nested
  final class AlignedByHandToAPage extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 64 * 1024, 4096);
    }
  }

  @Nested
  final class WithChunksTooSmallForAnyBlock extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 8, 8);
    }
  }

  @Nested
  final class WithAnInnerThatLeavesLessThanItsAlignment extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.alignment(4).maxSize(20);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 4096, 16);
    }
  }

  @Nested
  final class WithAnInnerThatReusesAddresses extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.reusesAddresses(true);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner, 256, 8);
    }
  }
}
