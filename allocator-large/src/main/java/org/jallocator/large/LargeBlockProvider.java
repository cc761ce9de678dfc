package org.jallocator.large;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link LargeBlockAllocator} as {@code large}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class LargeBlockProvider implements AllocatorProvider {

  private static final Option<Long> RETAIN =
      Option.size(
          "retain",
          LargeBlockAllocator.Builder.DEFAULT_RETAIN,
          0,
          Long.MAX_VALUE,
          "bytes of free blocks to keep for reuse, at the most");

  private static final Option<Long> MAX_SIZE =
      Option.size(
          "maxSize",
          0,
          0,
          Long.MAX_VALUE,
          "the largest size to serve, in bytes; 0, or more than the inner serves: what that serves");

  private static final Option<Long> ALIGNMENT =
      Option.size(
          "alignment",
          0,
          0,
          1L << 62,
          "what addresses are a multiple of, a power of two; 0: what the inner gives");

  private static final Option<Boolean> SHARED =
      Option.flag("shared", false, "whether any thread may use it, or only the one that makes it");

  /** For the service loader. */
  public LargeBlockProvider() {}

  @Override
  public String name() {
    return LargeBlockAllocator.NAME;
  }

  @Override
  public String description() {
    return "large blocks of the layer below, kept for reuse when they are freed";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(RETAIN, MAX_SIZE, ALIGNMENT, SHARED);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return LargeBlockAllocator.builder(settings.inner(0))
        .retain(settings.get(RETAIN))
        .maxSize(settings.get(MAX_SIZE))
        .alignment(settings.get(ALIGNMENT))
        .shared(settings.get(SHARED))
        .build();
  }
}
