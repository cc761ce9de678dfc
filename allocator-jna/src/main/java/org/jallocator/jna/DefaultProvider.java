package org.jallocator.jna;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link DefaultAllocator} as {@code jna}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class DefaultProvider implements AllocatorProvider {

  /** For the service loader. */
  public DefaultProvider() {}

  @Override
  public String name() {
    return DefaultAllocator.NAME;
  }

  @Override
  public String description() {
    return "C's malloc and free through JNA: one crossing a call, no books";
  }

  @Override
  public List<Option<?>> options() {
    return List.of();
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of();
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return new DefaultAllocator();
  }
}
