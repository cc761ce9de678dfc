package org.jallocator.metrics;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link JfrAllocator} as {@code jfr}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class JfrProvider implements AllocatorProvider {

  private static final Option<Long> SAMPLE =
      Option.size(
          "sample",
          0,
          0,
          1L << 40,
          "record one malloc in so many bytes, at random; 0: record every malloc");

  /** For the service loader. */
  public JfrProvider() {}

  @Override
  public String name() {
    return JfrAllocator.NAME;
  }

  @Override
  public String description() {
    return "the layer below, with each malloc and free in flight recordings that ask for them";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(SAMPLE);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    long sample = settings.get(SAMPLE);
    return settings.inner(0) instanceof OwningAllocator owning
        ? new OwningJfrAllocator(owning, sample)
        : new JfrAllocator(settings.inner(0), sample);
  }
}
