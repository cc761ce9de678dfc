package org.jallocator.stack;

import java.lang.System.Logger.Level;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.jallocator.spi.Failures;

/**
 * The open stacks of a process, by weak references, and the listeners that receive them.
 *
 * <p>Both are lists that are copied on each change. So a change is one store, which no error can
 * leave half done, and a reader takes no lock. A stack that is garbage is left out of the next
 * copy.
 *
 * <p>Shared, never blocks but for another change in progress.
 */
final class StackRegistry {

  /** The registry of this process. */
  static final StackRegistry OPEN = new StackRegistry();

  private volatile List<WeakReference<AllocatorStack>> stacks = List.of();
  private volatile List<StackListener> listeners = List.of();

  /** Adds a stack and calls the listeners. */
  void add(AllocatorStack stack) {
    WeakReference<AllocatorStack> reference = new WeakReference<>(stack);
    synchronized (this) {
      List<WeakReference<AllocatorStack>> next = allBut(stack);
      next.add(reference);
      stacks = next;
    }
    tell(stack, true);
  }

  /** Removes a stack and calls the listeners; one that is not there is ignored. */
  void remove(AllocatorStack stack) {
    synchronized (this) {
      if (!list().contains(stack)) {
        return;
      }
      stacks = allBut(stack);
    }
    tell(stack, false);
  }

  private List<WeakReference<AllocatorStack>> allBut(AllocatorStack stack) {
    List<WeakReference<AllocatorStack>> rest = new ArrayList<>();
    for (WeakReference<AllocatorStack> reference : stacks) {
      AllocatorStack other = reference.get();
      if (other != null && other != stack) {
        rest.add(reference);
      }
    }
    return rest;
  }

  /** {@return the stacks that are open and not garbage, in the order in which they were opened} */
  List<AllocatorStack> list() {
    List<AllocatorStack> open = new ArrayList<>();
    for (WeakReference<AllocatorStack> reference : stacks) {
      AllocatorStack stack = reference.get();
      if (stack != null) {
        open.add(stack);
      }
    }
    return List.copyOf(open);
  }

  /** {@return how many references are kept, those to garbage with them} */
  int size() {
    return stacks.size();
  }

  synchronized void addListener(StackListener listener) {
    List<StackListener> next = new ArrayList<>(listeners);
    next.add(listener);
    listeners = next;
  }

  synchronized void removeListener(StackListener listener) {
    List<StackListener> next = new ArrayList<>(listeners);
    next.removeIf(other -> other == listener);
    listeners = next;
  }

  /** Calls the listeners. Makes no object, so that a full Java heap keeps none from its call. */
  private void tell(AllocatorStack stack, boolean opened) {
    List<StackListener> listeners = this.listeners;
    for (int i = 0; i < listeners.size(); i++) {
      StackListener listener = listeners.get(i);
      try {
        if (opened) {
          listener.opened(stack);
        } else {
          listener.closed(stack);
        }
      } catch (RuntimeException | Error e) {
        log(listener, e);
      }
    }
  }

  private static void log(StackListener listener, Throwable thrown) {
    try {
      System.getLogger(StackListener.class.getName())
          .log(Level.WARNING, "listener threw: listener=" + listener.getClass().getName(), thrown);
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e); // the stack is open or closed all the same
    }
  }
}
