package org.jallocator.stack;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.Allocator;

/**
 * A layer that was built. A layer below several others, or several times below one, is one object.
 *
 * <p>The one state is whether it is closed; whether it is in use follows from that of its users. So
 * an error at any point of a close leaves nothing half done.
 */
final class Layer {

  private final Blueprint blueprint;
  private final Allocator allocator;
  private final List<Layer> inners;
  private final List<Layer> users = new ArrayList<>();
  private boolean closed;

  Layer(Blueprint blueprint, Allocator allocator, List<Layer> inners) {
    this.blueprint = blueprint;
    this.allocator = allocator;
    this.inners = List.copyOf(inners);
  }

  /** Notes in the inner layers that this one stands on them. */
  void use() {
    for (Layer inner : inners) {
      inner.users.add(this);
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

  /** {@return whether a layer that is open stands on this one; only if not may it be closed} */
  boolean isInUse() {
    for (int i = 0; i < users.size(); i++) {
      if (!users.get(i).closed) {
        return true;
      }
    }
    return false;
  }

  boolean isClosed() {
    return closed;
  }

  /** Notes that the allocator was closed, or failed to close and is given up. */
  void close() {
    closed = true;
  }
}
