package org.jallocator.spi;

import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;

/**
 * Makes allocators of one kind, found by {@link java.util.ServiceLoader}. A provider declares what
 * it takes and parses nothing: options reach it typed, checked and complete. It does no native work
 * before it is asked to create.
 *
 * <p>Implementations have a public no-argument constructor, keep no state, and are shared.
 */
public interface AllocatorProvider {

  /**
   * {@return the name used in expressions: a lower-case letter, then lower-case letters, digits and
   * hyphens}
   */
  String name();

  /** {@return one line that says what the allocator is for, without a full stop} */
  String description();

  /** {@return the options that it takes, in the order in which a stack prints them} */
  List<Option<?>> options();

  /**
   * {@return the inner layers that it takes, in order, by the role of each; a leaf returns an empty
   * list}
   */
  List<InnerLayer> innerLayers();

  /**
   * Makes an allocator.
   *
   * @param settings a value for every declared option, and an allocator for every inner layer
   * @return a new allocator, owned by the caller
   * @throws IllegalArgumentException if the options do not fit together, or do not fit the inner
   *     layers; the message reads {@code rule: name=value, limit=value}
   */
  Allocator create(AllocatorSettings settings);

  /**
   * Says what a stack's description is to tell of an allocator beside its options and its bytes,
   * such as which file it came from. The default says nothing.
   *
   * @param allocator one that this provider created
   * @return a few words, or an empty text
   */
  default String detail(Allocator allocator) {
    return "";
  }

  /**
   * An inner layer that a provider takes.
   *
   * @param role what the layer is to the allocator above, such as {@code primary}
   * @param owning whether it must be an {@link OwningAllocator}
   */
  record InnerLayer(String role, boolean owning) {}
}
