package org.jallocator.diagnostics;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link TrackedAllocator} as {@code tracked}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class TrackedProvider implements AllocatorProvider {

  private static final Option<Long> FRAMES =
      Option.number(
          "frames",
          TrackedAllocator.Builder.DEFAULT_FRAMES,
          1,
          TrackedAllocator.Builder.MAX_FRAMES,
          "how many calls a site has");

  private static final Option<Long> SAMPLE =
      Option.size(
          "sample", 0, 0, Long.MAX_VALUE, "mean distance of recorded blocks; 0: every block");

  private static final Option<Long> HISTORY =
      Option.number(
          "history",
          TrackedAllocator.Builder.DEFAULT_HISTORY,
          0,
          TrackedAllocator.Builder.MAX_HISTORY,
          "how many freed blocks are kept, to explain double frees");

  /** For the service loader. */
  public TrackedProvider() {}

  @Override
  public String name() {
    return TrackedAllocator.NAME;
  }

  @Override
  public String description() {
    return "the allocation site of every live block, and of bad frees";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(FRAMES, SAMPLE, HISTORY);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return TrackedAllocator.builder(settings.inner(0))
        .frames(Math.toIntExact(settings.get(FRAMES)))
        .sample(settings.get(SAMPLE))
        .history(Math.toIntExact(settings.get(HISTORY)))
        .build();
  }
}
