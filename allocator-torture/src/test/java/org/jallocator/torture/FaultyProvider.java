package org.jallocator.torture;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** The layer {@code faulty(bug=..., inner)}: what stands below it, with one bug. */
public final class FaultyProvider implements AllocatorProvider {

  private static final Option<String> BUG =
      Option.word(
          "bug",
          word(FaultyAllocator.Bug.NONE),
          Arrays.stream(FaultyAllocator.Bug.values()).map(FaultyProvider::word).toList(),
          "what it does wrong");

  /** For the service loader. */
  public FaultyProvider() {}

  /** {@return an expression of a layer with a bug over another expression} */
  static String expression(FaultyAllocator.Bug bug, String inner) {
    return "faulty(bug=" + word(bug) + ", " + inner + ")";
  }

  private static String word(FaultyAllocator.Bug bug) {
    return bug.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public String name() {
    return "faulty";
  }

  @Override
  public String description() {
    return "a layer with a bug, for tests of tests";
  }

  @Override
  public List<Option<?>> options() {
    return List.of(BUG);
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of(new InnerLayer("inner", true));
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    String word = settings.get(BUG).toUpperCase(Locale.ROOT).replace('-', '_');
    return new FaultyAllocator(
        FaultyAllocator.Bug.valueOf(word), (OwningAllocator) settings.inner(0));
  }
}
