package org.jallocator.spi;

import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;

/** What a provider is given to create an allocator: typed values, and the layers below. */
public interface AllocatorSettings {

  /**
   * {@return the value of an option: the one configured, or the option's default}
   *
   * @param option one of the provider's declared options
   * @param <T> the option's type
   */
  <T> T get(Option<T> option);

  /**
   * {@return an inner layer}
   *
   * @param index its place in {@link AllocatorProvider#innerLayers()}
   */
  Allocator inner(int index);

  /**
   * {@return an inner layer that was declared as owning}
   *
   * @param index its place in {@link AllocatorProvider#innerLayers()}
   */
  default OwningAllocator owningInner(int index) {
    return (OwningAllocator) inner(index);
  }
}
