package org.jallocator.fixedblock;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link SizeClassAllocator} as {@code sizeclass}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class SizeClassProvider implements AllocatorProvider {

  private static final Option<Long> MAX_SIZE =
      Option.size(
          "maxSize",
          SizeClassAllocator.Builder.DEFAULT_MAX_SIZE,
          1,
          SizeClassAllocator.Builder.MAX_MAX_SIZE,
          "the largest size to serve, in bytes");

  private static final Option<Long> PAGE_SIZE =
      Option.size(
          "pageSize",
          SizeClassAllocator.Builder.DEFAULT_PAGE_SIZE,
          1,
          Long.MAX_VALUE,
          "what the pages of a class grow up to, in bytes");

  private static final Option<Long> ALIGNMENT =
      Option.size(
          "alignment",
          SizeClassAllocator.Builder.DEFAULT_ALIGNMENT,
          1,
          1L << 62,
          "what addresses are a multiple of, and the smallest class; a power of two");

  /** For the service loader. */
  public SizeClassProvider() {}

  @Override
  public String name() {
    return SizeClassAllocator.Builder.NAME;
  }

  @Override
  public String description() {
    return "blocks of all sizes up to a limit, cut from pages of the layer below";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(
        MAX_SIZE, PAGE_SIZE, ALIGNMENT, FixedBlockProvider.SHARED, FixedBlockProvider.HEAPS);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return SizeClassAllocator.builder(settings.inner(0))
        .maxSize(settings.get(MAX_SIZE))
        .pageSize(settings.get(PAGE_SIZE))
        .alignment(settings.get(ALIGNMENT))
        .shared(settings.get(FixedBlockProvider.SHARED))
        .heaps(Math.toIntExact(settings.get(FixedBlockProvider.HEAPS)))
        .build();
  }
}
