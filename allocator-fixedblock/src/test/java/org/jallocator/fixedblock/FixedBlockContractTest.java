package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The contract on fixed blocks of many shapes. */
@Tag("once")
final class FixedBlockContractTest {

  @Nested
  final class WithTheReferencesParameters extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 4096, 64, 8);
    }
  }

  @Nested
  final class WithDefaults extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.builder(inner).build();
    }
  }

  @Nested
  final class WithOneBlockAPage extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 64, 64, 8);
    }
  }

  @Nested
  final class WithBlocksOfOneByte extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 100, 1, 1);
    }
  }

  @Nested
  final class WithPagesOfOneByte extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 1, 1, 1);
    }
  }

  @Nested
  final class WithBlocksOfAnOddSize extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 3 * 65, 3, 1);
    }
  }

  @Nested
  final class WithPagesOfThreeLevels extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 24 * 4097, 24, 8);
    }
  }

  @Nested
  final class AlignedByHand extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.alignment(8).exactlyAligned(true);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 10 * 192, 192, 64);
    }
  }

  @Nested
  final class WithPagesOverTwoGibibytes extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 5L << 30, 1L << 30, 4096);
    }
  }

  @Nested
  final class Shared extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.builder(inner).blockSize(48).pageSize(4800).shared().build();
    }
  }

  @Nested
  final class SharedWithOneBlockAPage extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.builder(inner).blockSize(64).pageSize(64).shared().build();
    }
  }

  @Nested
  final class SharedWithOneHeap extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.builder(inner).shared().heaps(1).build();
    }
  }

  @Nested
  final class SharedWithPagesOfThreeLevels extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.builder(inner).blockSize(24).pageSize(24 * 4097).shared().build();
    }
  }
}
