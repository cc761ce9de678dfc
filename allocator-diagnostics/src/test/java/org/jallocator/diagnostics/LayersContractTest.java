package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.LayerKind;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The contract on each layer: over a leaf that owns nothing, over an owning one, over an arena. */
@Tag("once")
final class LayersContractTest {

  abstract static class OfLayer {
    private final String name;

    OfLayer(String name) {
      this.name = name;
    }

    @Nested
    final class OverAPlainInner extends AllocatorContract {
      @Override
      protected Allocator create(Allocator inner) {
        return Layers.of(name).apply(new Plain(inner));
      }
    }

    @Nested
    final class OverAConfinedInner extends AllocatorContract {
      @Override
      protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
        return inner.shared(false);
      }

      @Override
      protected Allocator create(Allocator inner) {
        return Layers.of(name).apply(new Plain(inner));
      }
    }

    @Nested
    final class OverAnOwningInner extends AllocatorContract {
      @Override
      protected LayerKind kind() {
        return LayerKind.STACK;
      }

      @Override
      protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
        return inner.reusesAddresses(true);
      }

      @Override
      protected Allocator create(Allocator inner) {
        return Layers.of(name).apply(inner);
      }
    }

    @Nested
    final class OverAnArena extends AllocatorContract {
      @Override
      protected LayerKind kind() {
        return LayerKind.STACK;
      }

      @Override
      protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
        return inner.reusesAddresses(true);
      }

      @Override
      protected Allocator create(Allocator inner) {
        return Layers.of(name).apply(below(new TestArena(inner)));
      }
    }
  }

  @Nested
  final class Stats extends OfLayer {
    Stats() {
      super("stats");
    }
  }

  @Nested
  final class Limit extends OfLayer {
    Limit() {
      super("limit");
    }
  }

  @Nested
  final class Failing extends OfLayer {
    Failing() {
      super("failing");
    }
  }

  @Nested
  final class Log extends OfLayer {
    Log() {
      super("log");
    }
  }

  @Nested
  final class Tracked extends OfLayer {
    Tracked() {
      super("tracked");
    }
  }

  @Nested
  final class Sampled extends OfLayer {
    Sampled() {
      super("sampled");
    }
  }

  @Nested
  final class Guarded extends OfLayer {
    Guarded() {
      super("guarded");
    }
  }
}
