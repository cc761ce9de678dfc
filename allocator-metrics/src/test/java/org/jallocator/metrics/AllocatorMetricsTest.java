package org.jallocator.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.CallCounts;
import org.jallocator.spi.MemoryLimit;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Test;

/** What a registry of Micrometer has of stacks. */
class AllocatorMetricsTest {

  private static final String EXPRESSION =
      "fallback(sizeclass(shared=true, jna), sizeclass(shared=true, jna))";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  private List<String> lines(String stack) {
    return registry
        .scrape()
        .lines()
        .filter(line -> line.contains("stack=\"" + stack + "\""))
        .sorted()
        .toList();
  }

  private long value(String name, String stack, String layer, String type) {
    String line = name + "{layer=\"" + layer + "\",stack=\"" + stack + "\",type=\"" + type + "\"} ";
    return registry
        .scrape()
        .lines()
        .filter(found -> found.startsWith(line))
        .mapToLong(found -> (long) Double.parseDouble(found.substring(line.length())))
        .findFirst()
        .orElseThrow(() -> new AssertionError(line + " is not in:\n" + registry.scrape()));
  }

  @Test
  void thePrometheusTextHasEachFigureOfEachLayerThatKeepsBooks() {
    try (AllocatorMetrics metrics = new AllocatorMetrics();
        AllocatorStack stack = AllocatorStack.named("render", EXPRESSION)) {
      metrics.bindTo(registry);
      long address = stack.allocator().malloc(100);
      AllocatorStats first = stack.layers().get(1).allocator().stats();
      assertEquals(
          first.liveBytes(), value("allocator_memory_used_bytes", "render", "0.0", "sizeclass"));
      assertEquals(
          first.reservedBytes(),
          value("allocator_memory_reserved_bytes", "render", "0.0", "sizeclass"));
      assertEquals(
          first.peakReservedBytes(),
          value("allocator_memory_reserved_peak_bytes", "render", "0.0", "sizeclass"));
      assertEquals(1, value("allocator_blocks_live_blocks", "render", "0.0", "sizeclass"));
      assertEquals(
          first.innerMallocs(),
          value("allocator_inner_mallocs_total", "render", "0.0", "sizeclass"));
      assertEquals(
          first.innerFrees(), value("allocator_inner_frees_total", "render", "0.0", "sizeclass"));
      assertEquals(1, value("allocator_blocks_live_blocks", "render", "0", "fallback"));
      assertEquals(0, value("allocator_blocks_live_blocks", "render", "0.1", "sizeclass"));
      assertFalse(
          lines("render").stream().anyMatch(line -> line.contains("type=\"jna\"")),
          () -> String.join("\n", lines("render")));
      stack.allocator().free(address);
      assertEquals(0, value("allocator_blocks_live_blocks", "render", "0", "fallback"));
    }
  }

  @Test
  void stacksOfOneNameAreAddedUpAndCountersNeverFall() {
    try (AllocatorMetrics metrics = new AllocatorMetrics()) {
      metrics.bindTo(registry);
      AllocatorStack first = AllocatorStack.named("pair", EXPRESSION);
      AllocatorStack second = AllocatorStack.named("pair", EXPRESSION);
      long address = first.allocator().malloc(8);
      long other = second.allocator().malloc(8);
      assertEquals(2, value("allocator_blocks_live_blocks", "pair", "0.0", "sizeclass"));
      int meters = lines("pair").size();
      first.allocator().free(address);
      first.close();
      assertEquals(1, value("allocator_blocks_live_blocks", "pair", "0.0", "sizeclass"));
      assertEquals(2, value("allocator_inner_mallocs_total", "pair", "0.0", "sizeclass"));
      second.allocator().free(other);
      second.close();
      assertEquals(0, value("allocator_blocks_live_blocks", "pair", "0.0", "sizeclass"));
      assertEquals(2, value("allocator_inner_mallocs_total", "pair", "0.0", "sizeclass"));
      AllocatorStack third = AllocatorStack.named("pair", EXPRESSION);
      third.allocator().free(third.allocator().malloc(8));
      assertEquals(3, value("allocator_inner_mallocs_total", "pair", "0.0", "sizeclass"));
      assertEquals(meters, lines("pair").size());
      third.close();
    }
    assertEquals(List.of(), lines("pair"));
  }

  @Test
  void aSecondRegistryGetsTheSameMeters() {
    SimpleMeterRegistry simple = new SimpleMeterRegistry();
    try (AllocatorMetrics metrics = new AllocatorMetrics();
        AllocatorStack stack = AllocatorStack.named("twice", EXPRESSION)) {
      metrics.bindTo(registry);
      metrics.bindTo(simple);
      metrics.bindTo(simple);
      long address = stack.allocator().malloc(8);
      assertEquals(
          1,
          simple.get("allocator.blocks.live").tags("stack", "twice", "layer", "0").gauge().value());
      assertEquals(1, value("allocator_blocks_live_blocks", "twice", "0", "fallback"));
      stack.allocator().free(address);
    }
    assertTrue(simple.getMeters().isEmpty(), () -> simple.getMetersAsString());
  }

  @Test
  void layersThatCountCallsOrHaveALimitTellThose() {
    LayerSeries series = new LayerSeries(Tags.of("stack", "counted"), new Counted());
    series.register(registry);
    Counted first = new Counted();
    series.add(first);
    series.add(new Counted());
    assertEquals(
        List.of(
            "allocator_failures_total{stack=\"counted\"} 6.0",
            "allocator_frees_total{stack=\"counted\"} 4.0",
            "allocator_mallocs_total{stack=\"counted\"} 2.0",
            "allocator_memory_limit_bytes{stack=\"counted\"} 200.0"),
        lines("counted"));
    series.retire(first);
    series.retire(first);
    assertTrue(
        lines("counted").contains("allocator_failures_total{stack=\"counted\"} 6.0"),
        lines("counted")::toString);
    assertTrue(
        lines("counted").contains("allocator_memory_limit_bytes{stack=\"counted\"} 100.0"),
        lines("counted")::toString);
  }

  private static final class Counted implements Allocator, CallCounts, MemoryLimit {

    @Override
    public long mallocs() {
      return 1;
    }

    @Override
    public long frees() {
      return 2;
    }

    @Override
    public long failures() {
      return 3;
    }

    @Override
    public long limitBytes() {
      return 100;
    }

    @Override
    public long malloc(long size) {
      return 16;
    }

    @Override
    public long tryMalloc(long size) {
      return 16;
    }

    @Override
    public void free(long address) {}

    @Override
    public void free(long address, long size) {}

    @Override
    public long maxSize() {
      return 16;
    }

    @Override
    public long alignment() {
      return 16;
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public AllocatorStats stats() {
      return AllocatorStats.UNTRACKED;
    }

    @Override
    public void close() {}
  }
}
