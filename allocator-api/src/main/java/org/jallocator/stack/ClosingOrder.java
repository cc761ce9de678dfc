package org.jallocator.stack;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jspecify.annotations.Nullable;

/**
 * All layers of a stack, from the root down: each after all that use it, and, of those that it does
 * not matter for, the ones to the left first.
 *
 * @param inOrder the layers in that order
 */
record ClosingOrder(List<Layer> inOrder) {

  /** Closes the allocator of one layer and marks the layer; returns what that threw, or null. */
  private interface Step {
    @Nullable Throwable apply(Layer layer);
  }

  /** {@return the layers from a root down} */
  static ClosingOrder below(Layer root) {
    Deque<Layer> inOrder = new ArrayDeque<>();
    visit(root, Collections.newSetFromMap(new IdentityHashMap<>()), inOrder);
    return new ClosingOrder(List.copyOf(inOrder));
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

  /** {@return the first layer that is open and confined to the thread that made it, if any} */
  @Nullable Layer firstConfined() {
    for (Layer layer : inOrder) {
      if (!layer.isClosed() && !layer.allocator().isShared()) {
        return layer;
      }
    }
    return null;
  }

  /** {@return whether every layer is closed} */
  boolean isClosed() {
    for (Layer layer : inOrder) {
      if (!layer.isClosed()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Closes what can be closed. A layer that leaks stays open, and so does all that it stands on.
   * The same holds for one that runs out of Java heap or Java stack: it can be closed again. One
   * that reports frees that raced is closed again at once, because it reports them once. A layer
   * that fails in another way is given up, and what it stands on is closed.
   *
   * @return what the first one threw, and in it, as suppressed, what the others threw; null iff
   *     every layer that was open is closed without an error
   */
  @Nullable Throwable close() {
    return forEachUnused(ClosingOrder::close);
  }

  /**
   * Closes every layer that is open, with the memory of its live blocks. What a layer throws keeps
   * no other one open.
   *
   * @return what the first one threw, and in it, as suppressed, what the others threw; null iff
   *     every layer that was open is closed without an error
   */
  @Nullable Throwable closeAndRelease() {
    return forEachUnused(ClosingOrder::closeAndRelease);
  }

  private @Nullable Throwable forEachUnused(Step step) {
    Throwable failure = null;
    for (Layer layer : inOrder) {
      if (!layer.isClosed() && !layer.isInUse()) {
        Throwable thrown = step.apply(layer);
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
    InvalidFreeException report;
    try {
      layer.allocator().close();
      layer.close();
      return null;
    } catch (InvalidFreeException e) {
      report = e;
    } catch (RuntimeException | Error e) {
      return endedBy(e, layer);
    }
    // Two frees of one block have raced. That is reported once, and the layer is still open.
    try {
      layer.allocator().close();
      layer.close();
    } catch (RuntimeException | Error e) {
      report.addSuppressed(endedBy(e, layer));
    }
    return report;
  }

  /** Marks a layer that threw, unless it can be closed again; returns what it threw. */
  private static Throwable endedBy(Throwable thrown, Layer layer) {
    if (!(thrown instanceof LeakException || thrown instanceof VirtualMachineError)) {
      layer.close();
    }
    return thrown;
  }

  private static @Nullable Throwable closeAndRelease(Layer layer) {
    Throwable thrown = null;
    try {
      layer.allocator().closeAndRelease();
    } catch (RuntimeException | Error e) {
      thrown = e;
    }
    layer.close();
    return thrown;
  }
}
