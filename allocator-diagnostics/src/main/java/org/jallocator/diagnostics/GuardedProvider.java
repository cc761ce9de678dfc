package org.jallocator.diagnostics;

import com.google.auto.service.AutoService;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link GuardedAllocator} as {@code guarded}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class GuardedProvider implements AllocatorProvider {

  private static final Option<Long> FENCE =
      Option.size(
          "fence",
          GuardedBuilder.DEFAULT_FENCE,
          0,
          GuardedBuilder.MAX_FENCE,
          "bytes of canaries before and behind each block");

  private static final Option<Long> QUARANTINE =
      Option.size(
          "quarantine",
          GuardedBuilder.DEFAULT_QUARANTINE,
          0,
          Long.MAX_VALUE,
          "bytes of freed blocks that are held back");

  private static final Option<Boolean> FILL =
      Option.flag("fill", true, "whether blocks are filled at malloc and at free");

  private static final Option<Boolean> PAGES =
      Option.flag("pages", false, "whether each block ends at a page that may not be touched");

  private static final Option<String> REPORT =
      Option.text("report", "", "the file that says whose block it was, with pages; empty: none");

  /** For the service loader. */
  public GuardedProvider() {}

  @Override
  public String name() {
    return GuardedAllocator.NAME;
  }

  @Override
  public String description() {
    return "finds writes before, behind and after the life of a block";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(FENCE, QUARANTINE, FILL, PAGES, REPORT);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    String report = settings.get(REPORT);
    try {
      return GuardedAllocator.builder(settings.inner(0))
          .fence(Math.toIntExact(settings.get(FENCE)))
          .quarantine(settings.get(QUARANTINE))
          .fill(settings.get(FILL))
          .pages(settings.get(PAGES))
          .report(report.isEmpty() ? null : Path.of(report))
          .build();
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("report is no path: report='" + report + "'", e);
    }
  }
}
