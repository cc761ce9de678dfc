package org.jallocator.large;

import org.jallocator.Allocator;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.LayerKind;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The contract on large-block allocators of many shapes. */
@Tag("once")
final class LargeBlockContractTest {

  @Nested
  final class WithDefaults extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.create(inner);
    }
  }

  @Nested
  final class SharedWithDefaults extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).shared().build();
    }
  }

  @Nested
  final class ThatKeepsNothing extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).retain(0).build();
    }
  }

  @Nested
  final class SharedThatKeepsNothing extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).retain(0).shared().stripes(3).build();
    }
  }

  @Nested
  final class ThatKeepsAFewBlocks extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).retain(1000).build();
    }
  }

  @Nested
  final class SharedThatKeepsAFewBlocks extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.reusesAddresses(true);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).retain(1000).shared().stripes(3).build();
    }
  }

  @Nested
  final class ThatKeepsAll extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).retain(Long.MAX_VALUE).build();
    }
  }

  @Nested
  final class WithAMaxSizeOf1000 extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).maxSize(1000).build();
    }
  }

  @Nested
  final class WithAnInnerOf20Bytes extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.alignment(4).maxSize(20);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).alignment(16).build();
    }
  }

  @Nested
  final class WithAnInnerOf1000Bytes extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.maxSize(1000);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.create(inner);
    }
  }

  @Nested
  final class AlignedToOneByte extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.alignment(1);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.create(inner);
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
      return LargeBlockAllocator.builder(inner).alignment(64).retain(4000).build();
    }
  }

  @Nested
  final class SharedAlignedByHandToAPage extends AllocatorContract {
    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner)
          .alignment(4096)
          .retain(100_000)
          .shared()
          .stripes(3)
          .build();
    }
  }

  @Nested
  final class AlignedByHandToTwoMebibytes extends AllocatorContract {
    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.reusesAddresses(true);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return LargeBlockAllocator.builder(inner).alignment(2 << 20).build();
    }
  }

  @Nested
  final class OnAnother extends AllocatorContract {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      LargeBlockAllocator lower =
          below(LargeBlockAllocator.builder(inner).retain(10_000).shared().stripes(3).build());
      return LargeBlockAllocator.builder(lower)
          .alignment(32)
          .retain(1000)
          .shared()
          .stripes(3)
          .build();
    }
  }
}
