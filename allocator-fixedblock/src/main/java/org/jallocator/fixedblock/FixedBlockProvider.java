package org.jallocator.fixedblock;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link FixedBlockAllocator} as {@code fixedblock}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class FixedBlockProvider implements AllocatorProvider {

  private static final Option<Long> BLOCK_SIZE =
      Option.size(
          "blockSize",
          FixedBlockAllocator.Builder.DEFAULT_BLOCK_SIZE,
          1,
          Long.MAX_VALUE,
          "bytes of a block, a multiple of alignment");

  private static final Option<Long> PAGE_SIZE =
      Option.size(
          "pageSize",
          0,
          0,
          Long.MAX_VALUE,
          "bytes of a page, a multiple of blockSize; 0: about 64KiB, 8 blocks up to 1MiB");

  private static final Option<Long> ALIGNMENT =
      Option.size(
          "alignment",
          0,
          0,
          1L << 62,
          "what addresses are a multiple of, a power of two; 0: what blockSize allows, at most 16");

  static final Option<Boolean> SHARED =
      Option.flag("shared", false, "whether any thread may use it, or only the one that makes it");

  static final Option<Long> HEAPS =
      Option.number(
              "heaps",
              0,
              0,
              HeapSet.MAX_HEAPS,
              "heaps that threads may own, if shared; 0: 32, or 4 a processor if more")
          .requires(SHARED, true);

  /** For the service loader. */
  public FixedBlockProvider() {}

  @Override
  public String name() {
    return FixedBlockAllocator.Builder.NAME;
  }

  @Override
  public String description() {
    return "blocks of one size, cut from pages of the layer below";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(BLOCK_SIZE, PAGE_SIZE, ALIGNMENT, SHARED, HEAPS);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return FixedBlockAllocator.builder(settings.inner(0))
        .blockSize(settings.get(BLOCK_SIZE))
        .pageSize(settings.get(PAGE_SIZE))
        .alignment(settings.get(ALIGNMENT))
        .shared(settings.get(SHARED))
        .heaps(Math.toIntExact(settings.get(HEAPS)))
        .build();
  }
}
