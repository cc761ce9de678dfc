package org.jallocator.arena;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link ArenaAllocator} as {@code arena}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class ArenaProvider implements AllocatorProvider {

  private static final Option<Long> CHUNK_SIZE =
      Option.size(
          "chunkSize",
          ArenaAllocator.Builder.DEFAULT_CHUNK_SIZE,
          1,
          ArenaMemory.MAX_GRANULES * ArenaMemory.MAX_ALIGNMENT,
          "bytes of a chunk; if the inner serves less, what it serves");

  private static final Option<Long> ALIGNMENT =
      Option.size(
          "alignment",
          0,
          0,
          ArenaMemory.MAX_ALIGNMENT,
          "what addresses are a multiple of, a power of two; 0: the inner's, at most 16");

  private static final Option<Long> RETAIN =
      Option.size(
          "retain",
          ArenaAllocator.Builder.DEFAULT_RETAIN,
          0,
          Long.MAX_VALUE,
          "bytes of chunks that freeAll keeps at the most; one chunk stays in any case");

  /** For the service loader. */
  public ArenaProvider() {}

  @Override
  public String name() {
    return ArenaAllocator.NAME;
  }

  @Override
  public String description() {
    return "blocks that end together, cut from chunks of the layer below";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(CHUNK_SIZE, ALIGNMENT, RETAIN);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return ArenaAllocator.builder(settings.inner(0))
        .chunkSize(settings.get(CHUNK_SIZE))
        .alignment(settings.get(ALIGNMENT))
        .retain(settings.get(RETAIN))
        .build();
  }
}
