package org.jallocator.bench;

import com.sun.jna.Pointer;
import org.jallocator.Allocator;
import org.jallocator.arena.ArenaAllocator;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.fixedblock.FallbackAllocator;
import org.jallocator.fixedblock.FixedBlockAllocator;
import org.jallocator.jna.DefaultAllocator;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.LayerKind;
import org.jallocator.testkit.PlainLeaf;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;

/** The contract where the modules meet: on C's memory, and on stacks of several of them. */
final class StacksContractTest {

  /** A run in which every block is written through and read back. */
  private abstract static class OnRealMemory extends AllocatorContract {

    @Override
    protected @Nullable Allocator createRealInner() {
      return new DefaultAllocator();
    }

    @Override
    protected void write(long address, long size, byte pattern) {
      new Pointer(address).setMemory(0, size, pattern);
    }

    @Override
    protected boolean verify(long address, long size, byte pattern) {
      for (byte b : new Pointer(address).getByteArray(0, Math.toIntExact(size))) {
        if (b != pattern) {
          return false;
        }
      }
      return true;
    }
  }

  @Nested
  final class FixedBlocksOnRealMemory extends OnRealMemory {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 4096, 64, 8);
    }
  }

  @Nested
  final class FixedBlocksAlignedByHandOnRealMemory extends OnRealMemory {
    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(inner, 64 * 192, 192, 64);
    }
  }

  @Nested
  final class ArenaOnRealMemory extends OnRealMemory {
    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(inner);
    }
  }

  @Nested
  final class ThreeLayersOnRealMemory extends OnRealMemory {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      return threeLayers(this::below, inner);
    }
  }

  @Nested
  final class ThreeLayers extends AllocatorContract {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      return threeLayers(this::below, inner);
    }
  }

  @Nested
  final class ArenaOverFixedBlocks extends AllocatorContract {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(below(FixedBlockAllocator.create(inner, 4096, 64, 8)));
    }
  }

  @Nested
  final class ArenaOverFixedBlocksOnRealMemory extends OnRealMemory {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      return ArenaAllocator.create(below(FixedBlockAllocator.create(inner, 64 * 1024, 4096, 16)));
    }
  }

  @Nested
  final class FixedBlocksOverFixedBlocks extends AllocatorContract {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      return FixedBlockAllocator.create(
          below(FixedBlockAllocator.create(inner, 16 * 4096, 4096, 16)), 4096, 64, 16);
    }
  }

  /** Opened by the expression that the README shows. */
  @Nested
  final class TheStackOfTheReadme extends OnRealMemory {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      return below(
              AllocatorStack.open("fallback(fixedblock(blockSize=64, pageSize=64KiB, jna), jna)"))
          .allocator();
    }
  }

  /** Opened by the expression that the bench replays by default. */
  @Nested
  final class TheBenchsMixedStack extends OnRealMemory {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      return below(AllocatorStack.open(DefaultStacks.MIXED)).allocator();
    }
  }

  /** Opened by the expression that the bench shares among threads. */
  @Nested
  final class TheBenchsSharedStack extends OnRealMemory {
    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected Allocator create(Allocator inner) {
      return below(AllocatorStack.open(DefaultStacks.SHARED_CLASSES)).allocator();
    }
  }

  private interface Below {
    void add(AutoCloseable layer);
  }

  private static Allocator threeLayers(Below below, Allocator inner) {
    var small = FixedBlockAllocator.create(inner, 256, 8, 8);
    var medium = FixedBlockAllocator.create(inner, 2048, 256, 8);
    var rest = FallbackAllocator.create(medium, new PlainLeaf(inner));
    below.add(small);
    below.add(rest);
    below.add(medium);
    return FallbackAllocator.create(small, rest);
  }
}
