package org.jallocator.diagnostics;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link LimitAllocator} as {@code limit}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class LimitProvider implements AllocatorProvider {

  private static final Option<Long> BYTES =
      Option.size(
          "bytes", Long.MAX_VALUE, 1, Long.MAX_VALUE, "the most bytes that may be live at once");

  private static final Option<Long> WARN =
      Option.size(
          "warn", 0, 0, Long.MAX_VALUE, "live bytes from which on the listener is told; 0: never");

  /** For the service loader. */
  public LimitProvider() {}

  @Override
  public String name() {
    return LimitAllocator.NAME;
  }

  @Override
  public String description() {
    return "no more than so many bytes live at once";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(BYTES, WARN);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return LimitAllocator.create(settings.inner(0), settings.get(BYTES), settings.get(WARN));
  }
}
