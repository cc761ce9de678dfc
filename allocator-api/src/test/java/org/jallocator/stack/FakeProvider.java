package org.jallocator.stack;

import java.util.List;
import java.util.function.Function;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/**
 * A provider made of its answers.
 *
 * @param name its name
 * @param options its options
 * @param innerLayers its inner layers
 * @param creator what creates
 */
record FakeProvider(
    String name,
    List<Option<?>> options,
    List<InnerLayer> innerLayers,
    Function<AllocatorSettings, Allocator> creator)
    implements AllocatorProvider {

  @Override
  public String description() {
    return "a fake for tests";
  }

  @Override
  public String detail(Allocator allocator) {
    return name.equals("detailed") ? "file /lib/fake.so" : "";
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return creator.apply(settings);
  }
}
