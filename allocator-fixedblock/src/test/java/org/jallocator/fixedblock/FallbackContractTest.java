package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.LayerKind;
import org.jallocator.testkit.PlainLeaf;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The contract on tiers of fixed blocks. */
@Tag("once")
final class FallbackContractTest {

  @Nested
  final class OverALeaf extends AllocatorContract {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      return FallbackAllocator.create(
          below(FixedBlockAllocator.create(inner, 1024, 64, 8)), new PlainLeaf(inner));
    }
  }

  @Nested
  final class OfThreeLayers extends AllocatorContract {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      OwningAllocator small = FixedBlockAllocator.create(inner, 256, 8, 8);
      OwningAllocator medium = FixedBlockAllocator.create(inner, 2048, 256, 8);
      Allocator rest = FallbackAllocator.create(medium, new PlainLeaf(inner));
      Allocator root = FallbackAllocator.create(small, rest);
      below(small);
      below(rest);
      below(medium);
      return root;
    }
  }

  @Nested
  final class OfOwningParts extends AllocatorContract {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected OwningAllocator create(Allocator inner) {
      return FallbackAllocator.create(
          below(FixedBlockAllocator.create(inner, 256, 16, 16)),
          below(FixedBlockAllocator.create(inner, 2048, 128, 16)));
    }
  }
}
