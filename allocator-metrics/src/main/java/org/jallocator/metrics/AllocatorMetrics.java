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
  private final Set<MeterRegistry> registries = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<AllocatorStack> followed = Collections.newSetFromMap(new WeakHashMap<>());
  private boolean listening;

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
  public void bindTo(MeterRegistry registry) {
    boolean first;
    synchronized (this) {
      if (!registries.add(registry)) {
        return;
      }
      try {
        series.values().forEach(each -> each.register(registry));
      } catch (RuntimeException | Error e) {
        registries.remove(registry);
        series.values().forEach(each -> each.unregister(registry, e));
        throw e;
      }
      first = !listening;
      listening = true;
    }
    if (first) {
      try {
        AllocatorStack.addListener(listener);
        AllocatorStack.openStacks().forEach(this::follow);
      } catch (RuntimeException | Error e) {
        removeAll(e);
        throw e;
      }
    }
  }

  private synchronized void follow(AllocatorStack stack) {
    if (!isToFollow(stack)) {
      return;
    }
    List<StackLayer> layers = stack.layers();
    for (StackLayer layer : layers) {
      Id id = id(stack, layer);
      if (!series.containsKey(id)) {
        series.put(id, create(id, layer));
      }
    }
    // A registry calls listeners of its own, which may have closed the stack, or this.
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
    return listening && !followed.contains(stack) && AllocatorStack.openStacks().contains(stack);
  }

  private LayerSeries create(Id id, StackLayer layer) {
    LayerSeries created = new LayerSeries(id.tags(), layer.allocator());
    try {
      registries.forEach(created::register);
    } catch (RuntimeException | Error e) {
      registries.forEach(registry -> created.unregister(registry, e));
      throw e;
    }
    return created;
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
   * Removes all meters, and registers none after this. A second call does nothing.
   *
   * @throws RuntimeException what a registry throws at a meter; the others are removed
   */
  @Override
  public void close() {
    Throwable failure = removeAll(null);
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }

  /** Returns what was thrown before, or else what a registry throws at a meter, or null. */
  private @Nullable Throwable removeAll(@Nullable Throwable before) {
    AllocatorStack.removeListener(listener);
    Throwable failure = before;
    synchronized (this) {
      listening = false;
      for (MeterRegistry registry : registries) {
        for (LayerSeries each : series.values()) {
          failure = each.unregister(registry, failure);
        }
      }
      registries.clear();
      series.clear();
      followed.clear();
    }
    return failure;
  }
}
