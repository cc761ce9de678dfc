package org.jallocator.diagnostics;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link StatsAllocator} as {@code stats}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class StatsProvider implements AllocatorProvider {

  /** For the service loader. */
  public StatsProvider() {}

  @Override
  public String name() {
    return StatsAllocator.NAME;
  }

  @Override
  public String description() {
    return "counts of mallocs, frees, failures, live and peak bytes, and sizes";
  }

  @Override
  public List<Option<?>> options() {
    return List.of();
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return StatsAllocator.create(settings.inner(0));
  }
}
