package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.LayerKind;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The contract on stacks of two layers, in all orders. */
@Tag("once")
@Tag("pairs") // many, so run with less of everything
final class PairsContractTest {

  /** Two layers: the suite runs on the upper one. */
  abstract static class Pair extends AllocatorContract {
    private final String upper;
    private final String lower;

    Pair(String upper, String lower) {
      this.upper = upper;
      this.lower = lower;
    }

    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }

    @Override
    protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
      return inner.reusesAddresses(true).maxSize(1L << 40);
    }

    @Override
    protected Allocator create(Allocator inner) {
      return Layers.of(upper).apply(below(Layers.of(lower).apply(new Plain(inner))));
    }
  }

  abstract static class OfUpper {
    private final String upper;

    OfUpper(String upper) {
      this.upper = upper;
    }

    @Nested
    final class OverStats extends Pair {
      OverStats() {
        super(upper, "stats");
      }
    }

    @Nested
    final class OverTracked extends Pair {
      OverTracked() {
        super(upper, "tracked");
      }
    }

    @Nested
    final class OverGuarded extends Pair {
      OverGuarded() {
        super(upper, "guarded");
      }
    }

    @Nested
    final class OverLimit extends Pair {
      OverLimit() {
        super(upper, "limit");
      }
    }

    @Nested
    final class OverFailing extends Pair {
      OverFailing() {
        super(upper, "failing");
      }
    }

    @Nested
    final class OverLog extends Pair {
      OverLog() {
        super(upper, "log");
      }
    }
  }

  @Nested
  final class Stats extends OfUpper {
    Stats() {
      super("stats");
    }
  }

  @Nested
  final class Tracked extends OfUpper {
    Tracked() {
      super("tracked");
    }
  }

  @Nested
  final class Guarded extends OfUpper {
    Guarded() {
      super("guarded");
    }
  }

  @Nested
  final class Limit extends OfUpper {
    Limit() {
      super("limit");
    }
  }

  @Nested
  final class Failing extends OfUpper {
    Failing() {
      super("failing");
    }
  }

  @Nested
  final class Log extends OfUpper {
    Log() {
      super("log");
    }
  }
}
