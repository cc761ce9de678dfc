package org.jallocator.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.CallCounts;
import org.jallocator.spi.MemoryLimit;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.stack.StackListener;
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

  /** Refuses the peak of each layer, but not the meters that come before it. */
  private static final class Refusal implements MeterFilter {

    private boolean on = true;

    @Override
    public MeterFilterReply accept(Meter.Id id) {
      if (on && id.getName().equals("allocator.memory.reserved.peak")) {
        throw new IllegalStateException("refused");
      }
      return MeterFilterReply.NEUTRAL;
    }
  }

  @Test
  void aRegistryThatRefusesAMeterKeepsNoneAndCanBeBoundAgain() {
    SimpleMeterRegistry simple = new SimpleMeterRegistry();
    Refusal refusal = new Refusal();
    simple.config().meterFilter(refusal);
    try (AllocatorMetrics metrics = new AllocatorMetrics();
        AllocatorStack stack = AllocatorStack.named("refused", EXPRESSION)) {
      assertThrows(IllegalStateException.class, () -> metrics.bindTo(simple));
      assertEquals("", simple.getMetersAsString(), stack::toString);
      AllocatorStack.named("meanwhile", EXPRESSION).close();
      assertEquals("", simple.getMetersAsString());

      metrics.bindTo(registry);
      int meters = lines("refused").size();
      assertThrows(IllegalStateException.class, () -> metrics.bindTo(simple));
      assertEquals("", simple.getMetersAsString());
      assertEquals(meters, lines("refused").size());

      refusal.on = false;
      metrics.bindTo(simple);
      assertEquals(meters, simple.getMeters().size());
    }
    assertEquals("", simple.getMetersAsString());
  }

  @Test
  void aLaterStackWhoseMetersAreRefusedHasNoneInAnyRegistry() {
    SimpleMeterRegistry simple = new SimpleMeterRegistry();
    Refusal refusal = new Refusal();
    refusal.on = false;
    simple.config().meterFilter(refusal);
    try (AllocatorMetrics metrics = new AllocatorMetrics()) {
      metrics.bindTo(registry);
      metrics.bindTo(simple);
      refusal.on = true;
      try (AllocatorStack stack = AllocatorStack.named("late", EXPRESSION)) {
        assertEquals(List.of(), lines("late"), stack::toString);
        assertEquals("", simple.getMetersAsString());
        refusal.on = false;
        try (AllocatorStack next = AllocatorStack.named("late", EXPRESSION)) {
          next.allocator().free(next.allocator().malloc(8));
          assertEquals(lines("late").size(), simple.getMeters().size());
          assertEquals(
              next.allocator().stats().innerMallocs(),
              value("allocator_inner_mallocs_total", "late", "0", "fallback"));
        }
      }
    }
    assertEquals("", simple.getMetersAsString());
  }

  @Test
  void aMeterThatCannotBeRemovedKeepsNoOther() {
    SimpleMeterRegistry simple = new SimpleMeterRegistry();
    IllegalStateException planted = new IllegalStateException("planted by a test");
    int[] removed = {0};
    simple
        .config()
        .onMeterRemoved(
            meter -> {
              if (removed[0]++ == 0) {
                throw planted;
              }
            });
    try (AllocatorStack stack = AllocatorStack.named("stuck", EXPRESSION)) {
      AllocatorMetrics metrics = new AllocatorMetrics();
      metrics.bindTo(simple);
      assertSame(planted, assertThrows(IllegalStateException.class, metrics::close));
      assertEquals("", simple.getMetersAsString(), stack::toString);
      metrics.close();
    }
  }

  @Test
  void aStackThatClosesWhileItsMetersAreRegisteredIsNotRead() {
    AllocatorStack stack = AllocatorStack.named("itself", EXPRESSION);
    List<Object> added = new ArrayList<>();
    registry
        .config()
        .onMeterAdded(
            meter -> {
              added.add(meter);
              if (added.size() == 1) {
                stack.allocator().free(stack.allocator().malloc(8));
                stack.close();
              }
            });
    try (AllocatorMetrics metrics = new AllocatorMetrics()) {
      metrics.bindTo(registry);
      assertEquals(0, value("allocator_inner_mallocs_total", "itself", "0.0", "sizeclass"));
    }
  }

  @Test
  void aStackThatClosesWhileMetersAreRegisteredHasNone() {
    AllocatorStack first = AllocatorStack.named("first", EXPRESSION);
    AllocatorStack second = AllocatorStack.named("second", EXPRESSION);
    registry.config().onMeterAdded(meter -> second.close());
    try (AllocatorMetrics metrics = new AllocatorMetrics()) {
      metrics.bindTo(registry);
      assertFalse(lines("first").isEmpty());
      assertEquals(List.of(), lines("second"));
    } finally {
      first.close();
    }
  }

  /** Runs something once, when a listener has been called for so many meters. */
  private static Consumer<Meter> at(int meter, Runnable action) {
    int[] called = {0};
    return any -> {
      if (++called[0] == meter) {
        action.run();
      }
    };
  }

  @Test
  void noMeterIsLeftIfAListenerOfTheRegistryClosesWhileMetersAreRegistered() {
    try (AllocatorStack stack = AllocatorStack.named("closing", EXPRESSION)) {
      int meters = 18; // six for each of the three layers that keep books
      for (int n = 1; n <= meters; n++) {
        for (boolean first : new boolean[] {true, false}) {
          AllocatorMetrics metrics = new AllocatorMetrics();
          SimpleMeterRegistry other = new SimpleMeterRegistry();
          if (!first) {
            metrics.bindTo(other);
            assertEquals(meters, other.getMeters().size(), stack::toString);
          }
          SimpleMeterRegistry simple = new SimpleMeterRegistry();
          simple.config().onMeterAdded(at(n, metrics::close));
          metrics.bindTo(simple);
          assertEquals("", simple.getMetersAsString(), "at meter " + n);
          assertEquals("", other.getMetersAsString(), "at meter " + n);
          AllocatorStack.named("later", EXPRESSION).close();
          assertEquals("", simple.getMetersAsString(), "at meter " + n);
          metrics.bindTo(other);
          assertEquals(meters, other.getMeters().size());
          metrics.close();
        }
      }
    }
  }

  @Test
  void aStackThatOpensWhileMetersAreRegisteredHasMetersInEachRegistry() {
    List<AllocatorStack> opened = new ArrayList<>();
    SimpleMeterRegistry simple = new SimpleMeterRegistry();
    simple.config().onMeterAdded(at(7, () -> opened.add(AllocatorStack.named("b", EXPRESSION))));
    try (AllocatorMetrics metrics = new AllocatorMetrics();
        AllocatorStack stack = AllocatorStack.named("a", EXPRESSION)) {
      metrics.bindTo(registry);
      metrics.bindTo(simple);
      assertEquals(18, lines("a").size(), stack::toString);
      assertEquals(18, lines("b").size());
      assertEquals(36, simple.getMeters().size());
      opened.get(0).close();
    }
    assertEquals("", simple.getMetersAsString());
  }

  @Test
  void aRegistryThatIsBoundWhileMetersAreRegisteredHasThemAll() {
    SimpleMeterRegistry simple = new SimpleMeterRegistry();
    try (AllocatorMetrics metrics = new AllocatorMetrics();
        AllocatorStack stack = AllocatorStack.named("both", EXPRESSION)) {
      registry.config().onMeterAdded(at(7, () -> metrics.bindTo(simple)));
      metrics.bindTo(registry);
      assertEquals(18, lines("both").size(), stack::toString);
      assertEquals(18, simple.getMeters().size());
    }
    assertEquals("", simple.getMetersAsString());
  }

  @Test
  void noMeterIsLeftIfAListenerOfTheRegistryComesBackWhileMetersAreRemoved() {
    for (int n = 1; n <= 18; n++) {
      SimpleMeterRegistry simple = new SimpleMeterRegistry();
      SimpleMeterRegistry other = new SimpleMeterRegistry();
      AllocatorMetrics metrics = new AllocatorMetrics();
      simple.config().onMeterRemoved(at(n, metrics::close));
      simple
          .config()
          .onMeterRemoved(at(n, () -> AllocatorStack.named("other", EXPRESSION).close()));
      try (AllocatorStack stack = AllocatorStack.named("removed", EXPRESSION)) {
        metrics.bindTo(simple);
        metrics.bindTo(other);
        metrics.close();
        assertEquals("", simple.getMetersAsString(), stack::toString);
        assertEquals("", other.getMetersAsString(), stack::toString);
      }
    }
  }

  @Test
  void aRegistryThatRefusesAMeterUndoesNothingOfOneThatAnotherThreadBinds() throws Exception {
    SimpleMeterRegistry refusing = new SimpleMeterRegistry();
    try (AllocatorMetrics metrics = new AllocatorMetrics();
        AllocatorStack stack = AllocatorStack.named("contended", EXPRESSION)) {
      Thread other = new Thread(() -> metrics.bindTo(registry));
      refusing
          .config()
          .onMeterAdded(
              at(
                  7,
                  () -> {
                    other.start();
                    awaitWaitingOrEnded(other);
                    throw new IllegalStateException("planted by a test");
                  }));
      assertThrows(IllegalStateException.class, () -> metrics.bindTo(refusing));
      other.join();
      assertEquals("", refusing.getMetersAsString());
      assertEquals(18, lines("contended").size(), stack::toString);
      try (AllocatorStack next = AllocatorStack.named("next", EXPRESSION)) {
        assertEquals(18, lines("next").size(), next::toString);
      }
    }
  }

  /** Whichever kind of lock the thread waits for. */
  private static void awaitWaitingOrEnded(Thread thread) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (thread.getState() != Thread.State.BLOCKED
        && thread.getState() != Thread.State.WAITING
        && thread.isAlive()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("neither waits nor ends: " + thread.getState());
      }
      Thread.onSpinWait();
    }
  }

  @Test
  void aStackThatClosesBeforeItIsReportedAsOpenHasNoMeters() {
    StackListener closing =
        new StackListener() {
          @Override
          public void opened(AllocatorStack stack) {
            stack.close();
          }
        };
    AllocatorStack.addListener(closing);
    try (AllocatorMetrics metrics = new AllocatorMetrics()) {
      metrics.bindTo(registry);
      AllocatorStack.named("early", EXPRESSION).close();
      assertEquals(List.of(), lines("early"));
    } finally {
      AllocatorStack.removeListener(closing);
    }
  }

  @Test
  void aCounterKeepsWhatWasReadOfALayerThatBecameGarbage() throws Exception {
    LayerSeries series = new LayerSeries(Tags.of("stack", "forgotten"), new Counted());
    series.register(registry);
    String failures = "allocator_failures_total{stack=\"forgotten\"} ";
    WeakReference<Allocator> forgotten = readOneAndForgetIt(series, failures + "3.0");
    for (int i = 0; i < 100 && forgotten.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertNull(forgotten.get());
    assertTrue(lines("forgotten").contains(failures + "3.0"), lines("forgotten")::toString);
    assertTrue(
        lines("forgotten").contains("allocator_memory_limit_bytes{stack=\"forgotten\"} 0.0"),
        lines("forgotten")::toString);
    Counted next = new Counted();
    series.add(next);
    assertTrue(lines("forgotten").contains(failures + "6.0"), lines("forgotten")::toString);
    series.retire(next);
    assertTrue(lines("forgotten").contains(failures + "6.0"), lines("forgotten")::toString);
  }

  private WeakReference<Allocator> readOneAndForgetIt(LayerSeries series, String line) {
    Counted layer = new Counted();
    WeakReference<Allocator> forgotten = new WeakReference<>(layer);
    try {
      series.add(layer);
      assertTrue(lines("forgotten").contains(line), lines("forgotten")::toString);
    } finally {
      Reference.reachabilityFence(layer);
    }
    return forgotten;
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
