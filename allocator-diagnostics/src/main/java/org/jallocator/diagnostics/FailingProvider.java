package org.jallocator.diagnostics;

import com.google.auto.service.AutoService;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jallocator.Allocator;
import org.jallocator.diagnostics.FailingAllocator.Failure;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link FailingAllocator} as {@code failing}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class FailingProvider implements AllocatorProvider {

  private static final Option<Long> NTH =
      Option.number("nth", 0, 0, Long.MAX_VALUE, "the first malloc that fails; 0: none");

  private static final Option<Long> EVERY =
      Option.number("every", 0, 0, Long.MAX_VALUE, "then every so many-th; 0: no other");

  private static final Option<Long> RATE =
      Option.number("rate", 0, 0, FailingAllocator.MILLION, "how many of a million, at random");

  private static final Option<Long> SEED =
      Option.number("seed", 0, 0, Long.MAX_VALUE, "which ones the rate hits");

  private static final Option<String> THROWS =
      Option.word(
          "throws",
          Failure.OOM.word(),
          Arrays.stream(Failure.values()).map(Failure::word).toList(),
          "oom: no memory; error: an OutOfMemoryError also from tryMalloc; runtime; stack");

  /** For the service loader. */
  public FailingProvider() {}

  @Override
  public String name() {
    return FailingAllocator.NAME;
  }

  @Override
  public String description() {
    return "mallocs that fail on purpose, for tests";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(NTH, EVERY, RATE, SEED, THROWS);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return FailingAllocator.builder(settings.inner(0))
        .nth(settings.get(NTH))
        .every(settings.get(EVERY))
        .rate(settings.get(RATE))
        .seed(settings.get(SEED))
        .failure(Failure.valueOf(settings.get(THROWS).toUpperCase(Locale.ROOT)))
        .build();
  }
}
