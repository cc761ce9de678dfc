package org.jallocator.stack;

import java.util.List;
import org.jallocator.Allocator;

/**
 * A layer that was built. A layer below several others, or several times below one, is one object.
 *
 * <p>Invariant: {@code openUsers} counts the places in which an open layer uses this one; only at 0
 * may it be closed.
 */
final class Layer {

  private final Blueprint blueprint;
  private final Allocator allocator;
  private final List<Layer> inners;
  private int openUsers;
  private boolean closed;

  Layer(Blueprint blueprint, Allocator allocator, List<Layer> inners) {
    this.blueprint = blueprint;
    this.allocator = allocator;
    this.inners = List.copyOf(inners);
    for (Layer inner : inners) {
      inner.openUsers++;
    }
  }

  Blueprint blueprint() {
    return blueprint;
  }

  Allocator allocator() {
    return allocator;
  }

  List<Layer> inners() {
    return inners;
  }

  boolean isInUse() {
    return openUsers > 0;
  }

  boolean isClosed() {
    return closed;
  }

  /** Notes that the allocator was closed, or failed to close and is given up. */
  void close() {
    closed = true;
    for (Layer inner : inners) {
      inner.openUsers--;
    }
  }
}
