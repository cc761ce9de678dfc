package org.jallocator.diagnostics;

import com.google.auto.service.AutoService;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link LogAllocator} as {@code log}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class LogProvider implements AllocatorProvider {

  private static final Option<String> FILE =
      Option.text("file", "", "where to write, such as 'app.trace.gz'; must be set");

  /** For the service loader. */
  public LogProvider() {}

  @Override
  public String name() {
    return LogAllocator.NAME;
  }

  @Override
  public String description() {
    return "every malloc and free in a file that the bench replays";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(FILE);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", false));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    String file = settings.get(FILE);
    if (file.isEmpty()) {
      throw new IllegalArgumentException("file is not set: file=''");
    }
    try {
      return LogAllocator.create(settings.inner(0), Path.of(file));
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("file is no path: file='" + file + "'", e);
    }
  }
}
