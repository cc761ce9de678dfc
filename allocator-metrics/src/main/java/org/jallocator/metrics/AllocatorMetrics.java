package org.jallocator.metrics;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.stack.StackLayer;
import org.jallocator.stack.StackListener;

/**
 * Registers Micrometer's meters for the layers of the stacks that are open, and of each stack that
 * opens later. In Spring Boot, declare a bean of this class.
 *
 * <p>Gauges: {@code allocator.memory.used}, {@code allocator.memory.reserved}, {@code
 * allocator.memory.reserved.peak} and {@code allocator.memory.limit} in bytes, {@code
 * allocator.blocks.live}. Counters: {@code allocator.mallocs}, {@code allocator.frees}, {@code
 * allocator.failures}, {@code allocator.inner.mallocs}, {@code allocator.inner.frees}. A layer has
 * only the meters for which it has figures: none if it keeps no books, a limit if it has one, and
 * mallocs, frees and failures if it counts them, as the layer {@code stats} does.
 *
 * <p>Tags: {@code stack}, the name given to {@link AllocatorStack#named(String)}, or {@code
 * unnamed}; {@code layer}, its place, such as {@code 0.1}; {@code type}, its provider's name. The
 * figures of stacks with the same name are added up, so the number of meters does not grow with the
 * number of stacks. The peak is then the sum of their peaks. A meter stays when its stacks are
 * closed: a gauge is 0 then, and a counter keeps its count.
 *
 * <p>Reading a meter calls {@link Allocator#stats()}. Shared, may block.
 */
@SuppressWarnings("exports") // whoever uses this class has Micrometer
public final class AllocatorMetrics implements MeterBinder, AutoCloseable {

  /** What the meters of one series have in common. */
  private record Id(String stack, String path, String type) {

    Tags tags() {
      return Tags.of("stack", stack, "layer", path, "type", type);
    }
  }

  private final StackListener listener =
      new StackListener() {
        @Override
        public void opened(AllocatorStack stack) {
          follow(stack);
        }

        @Override
        public void closed(AllocatorStack stack) {
          retire(stack);
        }
      };

  private final Map<Id, LayerSeries> series = new LinkedHashMap<>();
  private final IdentityHashMap<MeterRegistry, List<Meter>> meters = new IdentityHashMap<>();
  private final Set<AllocatorStack> followed = Collections.newSetFromMap(new WeakHashMap<>());
  private boolean listening;

  /** For a bean; does nothing before it is bound. */
  public AllocatorMetrics() {}

  /**
   * Registers the meters of all open stacks, and those of each later stack when it opens. Shared,
   * may block.
   *
   * @param registry the registry; a second call with the same one does nothing
   */
  @Override
  public void bindTo(MeterRegistry registry) {
    synchronized (this) {
      if (!meters.containsKey(registry)) {
        List<Meter> registered = new ArrayList<>();
        series.values().forEach(each -> registered.addAll(each.register(registry)));
        meters.put(registry, registered);
      }
      if (listening) {
        return;
      }
      listening = true;
    }
    AllocatorStack.addListener(listener);
    AllocatorStack.openStacks().forEach(this::follow);
  }

  private synchronized void follow(AllocatorStack stack) {
    if (listening && followed.add(stack)) {
      for (StackLayer layer : stack.layers()) {
        series.computeIfAbsent(id(stack, layer), id -> create(id, layer)).add(layer.allocator());
      }
    }
  }

  private LayerSeries create(Id id, StackLayer layer) {
    LayerSeries created = new LayerSeries(id.tags(), layer.allocator());
    meters.forEach((registry, registered) -> registered.addAll(created.register(registry)));
    return created;
  }

  private synchronized void retire(AllocatorStack stack) {
    if (followed.remove(stack)) {
      for (StackLayer layer : stack.layers()) {
        LayerSeries measured = series.get(id(stack, layer));
        if (measured != null) {
          measured.retire(layer.allocator());
        }
      }
    }
  }

  private static Id id(AllocatorStack stack, StackLayer layer) {
    return new Id(stack.name().orElse("unnamed"), layer.path(), layer.type());
  }

  /** Removes all meters, and registers none after this. A second call does nothing. */
  @Override
  public void close() {
    AllocatorStack.removeListener(listener);
    synchronized (this) {
      listening = false;
      meters.forEach((registry, registered) -> registered.forEach(registry::remove));
      meters.clear();
      series.clear();
      followed.clear();
    }
  }
}
