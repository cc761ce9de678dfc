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

  /** An option of every leaf on a malloc written in C. */
  static final Option<Long> ALIGNMENT =
      Option.size(
          "alignment",
          0,
          0,
          1L << 62,
          "what addresses are a multiple of, a power of two, by aligned_alloc; 0: malloc's own");

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
    return List.of(ALIGNMENT);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of();
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    Jna.require();
    long alignment = settings.get(ALIGNMENT);
    return alignment == 0 ? new DefaultAllocator() : new DefaultAllocator(alignment);
  }
}
