package org.jallocator.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import org.jallocator.Allocator;
import org.jallocator.spi.Failures;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.stack.StackLayer;
import org.jallocator.stack.StackListener;
import org.jspecify.annotations.Nullable;

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
  private final Set<AllocatorStack> followed = Collections.newSetFromMap(new WeakHashMap<>());

  /** The listener is added iff there is one. */
  private final Set<MeterRegistry> registries = Collections.newSetFromMap(new IdentityHashMap<>());

  /** For a bean; does nothing before it is bound. */
  public AllocatorMetrics() {}

  /**
   * Registers the meters of all open stacks, and those of each later stack when it opens. Shared,
   * may block.
   *
   * @param registry the registry; a second call with the same one does nothing
   * @throws RuntimeException what the registry throws at a meter; then it has none of these meters,
   *     and may be bound again
   */
  @Override
  public synchronized void bindTo(MeterRegistry registry) {
    if (!registries.add(registry)) {
      return;
    }
    boolean first = registries.size() == 1;
    try {
      for (LayerSeries each : List.copyOf(series.values())) {
        register(each, registry);
      }
      if (first) {
        AllocatorStack.addListener(listener);
        AllocatorStack.openStacks().forEach(this::follow);
      }
    } catch (RuntimeException | Error e) {
      unbind(registry, e);
      throw e;
    }
  }

  private void unbind(MeterRegistry registry, Throwable failure) {
    registries.remove(registry);
    if (registries.isEmpty()) {
      removeAll(failure);
    } else {
      List.copyOf(series.values()).forEach(each -> each.unregister(registry, failure));
    }
  }

  private synchronized void follow(AllocatorStack stack) {
    if (!isToFollow(stack)) {
      return;
    }
    List<StackLayer> layers = stack.layers();
    for (StackLayer layer : layers) {
      Id id = id(stack, layer);
      // A registry calls listeners of its own, which may close this, or the stack.
      if (!registries.isEmpty() && !series.containsKey(id)) {
        create(id, layer);
      }
    }
    if (isToFollow(stack)) {
      try {
        for (StackLayer layer : layers) {
          LayerSeries measured = series.get(id(stack, layer));
          if (measured != null) {
            measured.add(layer.allocator());
          }
        }
        followed.add(stack);
      } catch (RuntimeException | Error e) {
        retire(stack, layers);
        throw e;
      }
    }
  }

  private boolean isToFollow(AllocatorStack stack) {
    // If the stack is open now, the listener retires it later: it waits for this lock.
    return !registries.isEmpty()
        && !followed.contains(stack)
        && AllocatorStack.openStacks().contains(stack);
  }

  private void create(Id id, StackLayer layer) {
    LayerSeries created = new LayerSeries(id.tags(), layer.allocator());
    series.put(id, created); // first: a listener of a registry may close this, or bind another
    try {
      for (MeterRegistry registry : List.copyOf(registries)) {
        register(created, registry);
      }
    } catch (RuntimeException | Error e) {
      series.remove(id, created);
      created.unregisterAll(e);
      throw e;
    }
  }

  /** Registers a series, unless a listener of a registry has closed this meanwhile. */
  private void register(LayerSeries each, MeterRegistry registry) {
    if (series.containsValue(each)) {
      each.register(registry);
    }
  }

  private synchronized void retire(AllocatorStack stack) {
    if (followed.remove(stack)) {
      retire(stack, stack.layers());
    }
  }

  private void retire(AllocatorStack stack, List<StackLayer> layers) {
    for (StackLayer layer : layers) {
      LayerSeries measured = series.get(id(stack, layer));
      if (measured != null) {
        measured.retire(layer.allocator());
      }
    }
  }

  private static Id id(AllocatorStack stack, StackLayer layer) {
    return new Id(stack.name().orElse("unnamed"), layer.path(), layer.type());
  }

  /**
   * Removes all meters, and registers none after this unless it is bound again. A second call does
   * nothing. Shared, may block.
   *
   * @throws RuntimeException what a registry throws at a meter; the others are removed
   */
  @Override
  public synchronized void close() {
    Failures.rethrow(removeAll(null));
  }

  /** Returns what was thrown before, or else what a registry throws at a meter, or null. */
  private @Nullable Throwable removeAll(@Nullable Throwable before) {
    List<LayerSeries> all = List.copyOf(series.values());
    AllocatorStack.removeListener(listener);
    registries.clear(); // first: a listener of a registry may open a stack
    Throwable failure = before;
    for (LayerSeries each : all) {
      failure = each.unregisterAll(failure);
    }
    series.clear();
    followed.clear();
    return failure;
  }
}
