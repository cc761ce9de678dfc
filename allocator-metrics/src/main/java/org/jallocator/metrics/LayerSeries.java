package org.jallocator.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.CallCounts;
import org.jallocator.spi.Failures;
import org.jallocator.spi.MemoryLimit;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * The meters of one set of tags, and the layers that they measure: those in the same place of all
 * stacks of the same name. A gauge is the sum over the open layers. A counter also includes what
 * closed layers counted, and of layers that became garbage what was read of them last. So it never
 * decreases.
 *
 * <p>Shared: readers, {@link #add} and {@link #retire} wait for each other.
 */
final class LayerSeries {

  /** A count of the open layers, and what those that are gone have counted. */
  private final class Counter {

    private final ToLongFunction<Allocator> count;
    private final int index = counters.size();
    private long retired;

    Counter(ToLongFunction<Allocator> count) {
      this.count = count;
    }

    double value() {
      synchronized (LayerSeries.this) {
        long sum = retired;
        for (Followed each : layers) {
          sum += read(each);
        }
        return sum;
      }
    }

    private long read(Followed followed) {
      Allocator layer = followed.get();
      if (layer != null) {
        followed.counts[index] = count.applyAsLong(layer);
      }
      return followed.counts[index];
    }
  }

  /** An open layer, and what each counter read of it last. */
  private static final class Followed extends WeakReference<Allocator> {

    private final long[] counts;

    Followed(Allocator layer, int counters) {
      super(layer);
      this.counts = new long[counters];
    }
  }

  private final Tags tags;
  private final List<Followed> layers = new ArrayList<>();
  private final List<Counter> counters = new ArrayList<>();
  private final List<Function<MeterRegistry, Meter>> meters = new ArrayList<>();
  private final IdentityHashMap<MeterRegistry, List<Meter>> registered = new IdentityHashMap<>();

  /**
   * Makes a series without layers.
   *
   * @param tags the tags of its meters
   * @param kind a layer like those that will be added: they have the same figures
   */
  LayerSeries(Tags tags, Allocator kind) {
    this.tags = tags;
    if (kind.stats().isTracked()) {
      gauge("memory.used", "bytes", "Bytes of live blocks", stat(AllocatorStats::liveBytes));
      gauge(
          "memory.reserved",
          "bytes",
          "Bytes held from the inner layer",
          stat(AllocatorStats::reservedBytes));
      gauge(
          "memory.reserved.peak",
          "bytes",
          "The most that was held from the inner layer",
          stat(AllocatorStats::peakReservedBytes));
      gauge("blocks.live", "blocks", "Live blocks", stat(AllocatorStats::liveBlocks));
      counter(
          "inner.mallocs", "Blocks taken from the inner layer", stat(AllocatorStats::innerMallocs));
      counter(
          "inner.frees", "Blocks given back to the inner layer", stat(AllocatorStats::innerFrees));
    }
    if (kind instanceof CallCounts) {
      counter("mallocs", "Blocks handed out", count(CallCounts::mallocs));
      counter("frees", "Blocks taken back", count(CallCounts::frees));
      counter("failures", "Mallocs that found no memory", count(CallCounts::failures));
    }
    if (kind instanceof MemoryLimit) {
      gauge(
          "memory.limit",
          "bytes",
          "Bytes that may be live at once",
          layer -> layer instanceof MemoryLimit limited ? limited.limitBytes() : 0);
    }
  }

  private static ToLongFunction<Allocator> stat(ToLongFunction<AllocatorStats> figure) {
    return layer -> figure.applyAsLong(layer.stats());
  }

  private static ToLongFunction<Allocator> count(ToLongFunction<CallCounts> figure) {
    return layer -> layer instanceof CallCounts counts ? figure.applyAsLong(counts) : 0;
  }

  private void gauge(
      String name, String unit, String description, ToLongFunction<Allocator> figure) {
    meters.add(
        registry ->
            Gauge.builder("allocator." + name, this, series -> series.sum(figure))
                .tags(tags)
                .baseUnit(unit)
                .description(description)
                .strongReference(true)
                .register(registry));
  }

  private void counter(String name, String description, ToLongFunction<Allocator> figure) {
    Counter counter = new Counter(figure);
    counters.add(counter);
    meters.add(
        registry ->
            FunctionCounter.builder("allocator." + name, counter, Counter::value)
                .tags(tags)
                .description(description)
                .register(registry));
  }

  private synchronized double sum(ToLongFunction<Allocator> figure) {
    long sum = 0;
    for (Followed each : layers) {
      Allocator layer = each.get();
      sum += layer == null ? 0 : figure.applyAsLong(layer);
    }
    return sum;
  }

  /**
   * Registers all meters with a registry; does nothing if that was done. If it throws, some may be
   * registered: {@link #unregister} removes them. A listener of the registry may do so meanwhile:
   * then none is left. Calls on two threads must not meet.
   */
  @SuppressWarnings("ReferenceEquality") // the very list of this call
  void register(MeterRegistry registry) {
    List<Meter> done = new ArrayList<>(meters.size());
    if (registered.putIfAbsent(registry, done) != null) {
      return;
    }
    for (Function<MeterRegistry, Meter> meter : meters) {
      Meter made = meter.apply(registry);
      if (registered.get(registry) != done) {
        registry.remove(made);
        return;
      }
      done.add(made);
    }
  }

  /**
   * Removes all meters from a registry, also if it throws at one.
   *
   * @param before what was thrown before, or null; suppresses what the registry throws
   * @return that, or else what the registry threw first; null iff nothing was thrown
   */
  @Nullable Throwable unregister(MeterRegistry registry, @Nullable Throwable before) {
    Throwable failure = before;
    List<Meter> done = registered.remove(registry);
    if (done != null) {
      for (Meter meter : done) {
        try {
          registry.remove(meter);
        } catch (RuntimeException | Error e) {
          failure = Failures.join(failure, e);
        }
      }
    }
    return failure;
  }

  /** Removes all meters from all registries; see {@link #unregister}. */
  @Nullable Throwable unregisterAll(@Nullable Throwable before) {
    Throwable failure = before;
    while (!registered.isEmpty()) {
      failure = unregister(registered.keySet().iterator().next(), failure);
    }
    return failure;
  }

  /** Adds a layer that is open. */
  synchronized void add(Allocator layer) {
    retireIf(each -> each.get() == null);
    layers.add(new Followed(layer, counters.size()));
  }

  /** Removes a layer that was closed; one that is not there is ignored. */
  synchronized void retire(Allocator layer) {
    retireIf(each -> each.get() == layer);
  }

  private void retireIf(Predicate<Followed> gone) {
    for (Iterator<Followed> rest = layers.iterator(); rest.hasNext(); ) {
      Followed each = rest.next();
      if (gone.test(each)) {
        counters.forEach(counter -> counter.read(each));
        StackRoom.require();
        // No object is made from here on: no error may come between the sums and the removal.
        for (int i = 0; i < each.counts.length; i++) {
          counters.get(i).retired += each.counts[i];
        }
        rest.remove();
      }
    }
  }
}
