package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The contract on size classes of many shapes. */
@Tag("once")
final class SizeClassContractTest {

  @Nested
  final class WithDefaults extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return SizeClassAllocator.builder(inner).build();
    }
  }

  @Nested
  final class WithOneClass extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return SizeClassAllocator.builder(inner).maxSize(10).pageSize(64).build();
    }
  }

  @Nested
  final class WithOneClassAndPagesOfManyWords extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return SizeClassAllocator.builder(inner).maxSize(16).build();
    }
  }

  @Nested
  final class WithClassesOfOneByte extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return SizeClassAllocator.builder(inner).maxSize(1000).pageSize(1000).alignment(1).build();
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
      return SizeClassAllocator.builder(inner).maxSize(5000).alignment(64).build();
    }
  }

  @Nested
  final class Shared extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return SizeClassAllocator.builder(inner).shared().build();
    }
  }

  @Nested
  final class SharedWithOneHeap extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return SizeClassAllocator.builder(inner).maxSize(1 << 20).shared().heaps(1).build();
    }
  }
}
