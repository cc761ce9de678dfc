package org.jallocator.stack;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jallocator.LeakException;
import org.jspecify.annotations.Nullable;

/**
 * All layers of a stack, from the root down: each after all that use it, and, of those that it does
 * not matter for, the ones to the left first.
 *
 * @param inOrder the layers in that order
 */
record Layers(List<Layer> inOrder) {

  /** Returns the layers from a root down. */
  static Layers below(Layer root) {
    Deque<Layer> inOrder = new ArrayDeque<>();
    visit(root, Collections.newSetFromMap(new IdentityHashMap<>()), inOrder);
    return new Layers(List.copyOf(inOrder));
  }

  private static void visit(Layer layer, Set<Layer> seen, Deque<Layer> inOrder) {
    if (seen.add(layer)) {
      List<Layer> inners = layer.inners();
      for (int i = inners.size() - 1; i >= 0; i--) {
        visit(inners.get(i), seen, inOrder);
      }
      inOrder.addFirst(layer);
    }
  }

  /** Returns the first layer that is open and confined to the thread that made it, if any. */
  @Nullable Layer firstConfined() {
    for (Layer layer : inOrder) {
      if (!layer.isClosed() && !layer.allocator().isShared()) {
        return layer;
      }
    }
    return null;
  }

  /**
   * Closes what can be closed. A layer that leaks stays open, and so does all that it stands on; a
   * layer that fails in another way is given up, and what it stands on is closed.
   *
   * @return what the first one threw, and in it, as suppressed, what the others threw; null iff
   *     every layer is closed without an error
   */
  @Nullable Throwable close() {
    Throwable failure = null;
    for (Layer layer : inOrder) {
      if (!layer.isClosed() && !layer.isInUse()) {
        Throwable thrown = close(layer);
        if (failure == null) {
          failure = thrown;
        } else if (thrown != null && thrown != failure) {
          failure.addSuppressed(thrown);
        }
      }
    }
    return failure;
  }

  private static @Nullable Throwable close(Layer layer) {
    try {
      layer.allocator().close();
    } catch (LeakException e) {
      return e;
    } catch (RuntimeException | Error e) {
      layer.close();
      return e;
    }
    layer.close();
    return null;
  }
}
