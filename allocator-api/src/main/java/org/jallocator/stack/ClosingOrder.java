package org.jallocator.stack;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.spi.Failures;
import org.jspecify.annotations.Nullable;

/**
 * All layers of a stack, from the root down: each after all that use it, and, of those that it does
 * not matter for, the ones to the left first.
 *
 * <p>Closing makes no object of its own, so that a full Java heap does not stop it.
 *
 * @param inOrder the layers in that order
 */
record ClosingOrder(List<Layer> inOrder) {

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

  /** {@return the layer that stands on all others} */
  Layer root() {
    return inOrder.get(0);
  }

  /** {@return the first layer that is open and confined to the thread that made it, if any} */
  @Nullable Layer firstConfined() {
    for (int i = 0; i < inOrder.size(); i++) {
      Layer layer = inOrder.get(i);
      if (!layer.isClosed() && !layer.allocator().isShared()) {
        return layer;
      }
    }
    return null;
  }

  /** {@return whether every layer is closed} */
  boolean isClosed() {
    for (int i = 0; i < inOrder.size(); i++) {
      if (!inOrder.get(i).isClosed()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Closes what can be closed. A layer that leaks stays open, and so does all that it stands on.
   * The same holds for one that runs out of Java heap or Java stack, and for one that throws an
   * {@code IllegalStateException} and still has memory of its inner: it can be closed again. One
   * that reports frees that raced is closed again at once, because it reports them once. A layer
   * that fails in another way is given up, and what it stands on is closed.
   *
   * @return what the first one threw, and in it, as suppressed, what the others threw; null iff
   *     every layer that was open is closed without an error
   */
  @Nullable Throwable close() {
    Throwable failure = null;
    for (int i = 0; i < inOrder.size(); i++) {
      Layer layer = inOrder.get(i);
      if (!layer.isClosed() && !layer.isInUse()) {
        failure = Failures.join(failure, close(layer));
      }
    }
    return failure;
  }

  /**
   * Closes every layer that is open, with the memory of its live blocks. A layer that runs out of
   * Java heap or Java stack stays open, and so does all that it stands on: it can be closed again.
   * What else a layer throws keeps no other one open.
   *
   * @return what the first one threw, and in it, as suppressed, what the others threw; null iff
   *     every layer that was open is closed without an error
   */
  @Nullable Throwable closeAndRelease() {
    Throwable failure = null;
    for (int i = 0; i < inOrder.size(); i++) {
      Layer layer = inOrder.get(i);
      if (!layer.isClosed() && !layer.isInUse()) {
        failure = Failures.join(failure, closeAndRelease(layer));
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
      return report;
    } catch (RuntimeException | Error e) {
      return Failures.join(report, endedBy(e, layer));
    }
  }

  /** Marks a layer that threw, unless it can be closed again; returns what it threw. */
  private static Throwable endedBy(Throwable thrown, Layer layer) {
    boolean again =
        thrown instanceof LeakException
            || thrown instanceof VirtualMachineError
            || (thrown instanceof IllegalStateException && hasMemory(layer.allocator()));
    if (!again) {
      layer.close();
    }
    return thrown;
  }

  /** {@return whether an allocator has memory of its inner, as far as its figures can be read} */
  private static boolean hasMemory(Allocator allocator) {
    try {
      AllocatorStats stats = allocator.stats();
      return stats.isTracked() && stats.reservedBytes() > 0;
    } catch (VirtualMachineError e) {
      return true; // ask again at the next close
    } catch (RuntimeException | Error e) {
      return false;
    }
  }

  private static @Nullable Throwable closeAndRelease(Layer layer) {
    Throwable thrown = null;
    try {
      layer.allocator().closeAndRelease();
    } catch (VirtualMachineError e) {
      return e; // the layer is open, or closed and silent next time
    } catch (RuntimeException | Error e) {
      thrown = e;
    }
    layer.close();
    return thrown;
  }
}
