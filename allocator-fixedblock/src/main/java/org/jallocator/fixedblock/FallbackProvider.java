package org.jallocator.fixedblock;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link FallbackAllocator} as {@code fallback}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class FallbackProvider implements AllocatorProvider {

  /** For the service loader. */
  public FallbackProvider() {}

  @Override
  public String name() {
    return FallbackAllocator.NAME;
  }

  @Override
  public String description() {
    return "one layer for what it can serve, another for the rest";
  }

  @Override
  public List<Option<?>> options() {
    return List.of();
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("primary", true), new InnerLayer("other", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return FallbackAllocator.create(settings.owningInner(0), settings.inner(1));
  }
}
