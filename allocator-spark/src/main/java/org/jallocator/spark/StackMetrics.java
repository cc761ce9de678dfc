package org.jallocator.spark;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.function.LongSupplier;

/** The figures of stacks as gauges of Spark's metrics: NAME.memory.used and so on, in bytes. */
final class StackMetrics {

  private StackMetrics() {}

  static void register(MetricRegistry registry, SparkStacks stacks) {
    stacks
        .byName()
        .forEach(
            (name, stack) -> {
              gauge(registry, name + ".memory.used", () -> stack.stats().liveBytes());
              gauge(registry, name + ".memory.reserved", stack::reservedBytes);
              gauge(registry, name + ".memory.reserved.peak", stack::peakReservedBytes);
              gauge(registry, name + ".blocks.live", () -> stack.stats().liveBlocks());
              gauge(registry, name + ".inner.mallocs", () -> stack.stats().innerMallocs());
              gauge(registry, name + ".inner.frees", () -> stack.stats().innerFrees());
              gauge(registry, name + ".trimmed", stack::trimmedBytes);
            });
  }

  private static void gauge(MetricRegistry registry, String name, LongSupplier figure) {
    registry.register(name, (Gauge<Long>) figure::getAsLong);
  }
}
