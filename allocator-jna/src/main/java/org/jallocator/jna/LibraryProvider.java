package org.jallocator.jna;

import com.google.auto.service.AutoService;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@link LibraryAllocator} as {@code library}. */
@AutoService(AllocatorProvider.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class LibraryProvider implements AllocatorProvider {

  private static final Option<String> LIBRARY =
      Option.text("name", "", "the library, as the system finds it, such as jemalloc");

  private static final Option<String> PATH =
      Option.text("path", "", "the library's file, in place of name");

  private static final Option<String> PREFIX =
      Option.text("prefix", "", "what its functions' names start with, such as mi_");

  /** For the service loader. */
  public LibraryProvider() {}

  @Override
  public String name() {
    return LibraryAllocator.NAME;
  }

  @Override
  public String description() {
    return "any C library's malloc and free through JNA, no books";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(LIBRARY, PATH, PREFIX, DefaultProvider.ALIGNMENT);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of();
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    Jna.require();
    return LibraryAllocator.builder()
        .name(settings.get(LIBRARY))
        .path(settings.get(PATH))
        .prefix(settings.get(PREFIX))
        .alignment(settings.get(DefaultProvider.ALIGNMENT))
        .build();
  }

  /** {@return the file that the library was loaded from} */
  @Override
  public String detail(Allocator allocator) {
    return "file " + ((LibraryAllocator) allocator).file();
  }
}
