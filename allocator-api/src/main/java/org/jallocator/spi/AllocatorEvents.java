package org.jallocator.spi;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Spliterator;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jspecify.annotations.Nullable;

/**
 * Passes what happens on the slow paths of allocators to the {@linkplain AllocatorListener
 * listeners} of the process. A layer calls it out of line, in one line:
 *
 * <pre>{@code
 * AllocatorEvents.pageTaken(NAME, address, bytes);      // the page is in the books
 * AllocatorEvents.pageReturned(NAME, address, bytes);   // the page is out of the books
 * AllocatorEvents.innerRefused(NAME, bytes);            // before NULL or OutOfMemoryError
 * AllocatorEvents.limitReached(NAME, bytes, limit);     // before NULL or OutOfMemoryError
 * throw AllocatorEvents.leaked(NAME, new LeakException(...));
 * throw AllocatorEvents.invalidFree(NAME, new InvalidFreeException(...));
 * }</pre>
 *
 * <p><b>Price.</b> Without listeners, one read, and no object. <b>Errors.</b> Whatever a listener
 * throws is caught. Of each listener the first error that is no stack overflow is logged. One thing
 * can come out of a call: the {@link StackOverflowError} of having no stack left for the call
 * itself. So a layer calls it outside its locks, while its books are whole, and never between a
 * store and the store that completes it.
 *
 * <p>Shared, never blocks but for {@link #add}, {@link #remove} and {@link #load} among themselves.
 */
public final class AllocatorEvents {

  /**
   * How many listeners that cannot be loaded are accepted; an unreadable list reports one at every
   * step.
   */
  private static final int MAX_FAILURES = 64;

  private enum Kind {
    PAGE_TAKEN,
    PAGE_RETURNED,
    INNER_REFUSED,
    LIMIT_REACHED,
    THROWN
  }

  /** A listener, and whether an error of it was logged. */
  private static final class Entry {

    private final AllocatorListener listener;
    private boolean logged;

    Entry(AllocatorListener listener) {
      this.listener = listener;
    }
  }

  /** Copied on each change, so that one store makes it. */
  private static volatile Entry[] entries = {};

  /**
   * Whether there are entries. Not volatile, because a volatile read keeps the compiler from
   * joining what is before it and behind it, and costs more than all else of a call. A thread that
   * is in a loop may hear of the first listener late; in a call of C it does at once.
   */
  private static boolean heard;

  private static boolean loaded;

  static {
    // Layers initialize this class before the end of a stack can come, and need that one as well.
    StackRoom.hasAboveStack();
  }

  private AllocatorEvents() {}

  /**
   * Adds the listeners that {@link ServiceLoader} finds, once. A stack does so when it opens; a
   * program that builds allocators without a stack calls it itself. A listener that cannot be
   * loaded is logged and left out.
   */
  public static synchronized void load() {
    if (!loaded) {
      set(with(find(AllocatorEvents.class.getClassLoader())));
      loaded = true;
    }
  }

  private static List<AllocatorListener> find(ClassLoader loader) {
    List<AllocatorListener> found = new ArrayList<>();
    Spliterator<ServiceLoader.Provider<AllocatorListener>> rest =
        ServiceLoader.load(AllocatorListener.class, loader).stream().spliterator();
    String before = "";
    boolean more = true;
    for (int failures = 0; more && failures < MAX_FAILURES; ) {
      try {
        more = rest.tryAdvance(provider -> found.add(provider.get()));
      } catch (ServiceConfigurationError | LinkageError e) {
        failures++;
        if (!e.toString().equals(before)) {
          log("listener cannot be loaded", e);
        }
        before = e.toString();
      }
    }
    return found;
  }

  /**
   * Adds a listener, which receives all that happens after this.
   *
   * @param listener the listener; it is kept until it is removed
   */
  public static synchronized void add(AllocatorListener listener) {
    set(with(List.of(Objects.requireNonNull(listener, "listener is null"))));
  }

  private static Entry[] with(List<AllocatorListener> listeners) {
    List<Entry> next = new ArrayList<>(List.of(entries));
    listeners.forEach(listener -> next.add(new Entry(listener)));
    return next.toArray(Entry[]::new);
  }

  /**
   * Removes a listener; one that was not added is ignored. A call in progress on another thread may
   * still reach it.
   *
   * @param listener the listener
   */
  public static synchronized void remove(AllocatorListener listener) {
    List<Entry> next = new ArrayList<>(List.of(entries));
    next.removeIf(entry -> entry.listener == listener);
    set(next.toArray(Entry[]::new));
  }

  private static void set(Entry[] next) {
    entries = next;
    heard = next.length > 0;
  }

  /** {@return whether there is a listener} For a layer that has a shorter way if there is none. */
  public static boolean areHeard() {
    return heard;
  }

  /**
   * Reports that a layer took a page, a chunk or a large block from its inner.
   *
   * @param layer the name of the layer
   * @param address the address that the inner handed out
   * @param bytes how many bytes the layer asked for
   */
  public static void pageTaken(String layer, long address, long bytes) {
    if (heard) {
      tell(Kind.PAGE_TAKEN, layer, address, bytes, null);
    }
  }

  /**
   * Reports that a layer gave a page, a chunk or a large block back to its inner.
   *
   * @param layer the name of the layer
   * @param address the address that the inner had handed out
   * @param bytes how many bytes the layer had asked for
   */
  public static void pageReturned(String layer, long address, long bytes) {
    if (heard) {
      tell(Kind.PAGE_RETURNED, layer, address, bytes, null);
    }
  }

  /**
   * Reports that the inner of a layer had no memory.
   *
   * @param layer the name of the layer that asked
   * @param bytes how many bytes it asked for
   */
  public static void innerRefused(String layer, long bytes) {
    if (heard) {
      tell(Kind.INNER_REFUSED, layer, bytes, 0, null);
    }
  }

  /**
   * Reports that a layer refused a malloc, or warns, because of a limit that was configured.
   *
   * @param layer the name of the layer
   * @param bytes how many bytes were asked for
   * @param limit the limit, in bytes
   */
  public static void limitReached(String layer, long bytes, long limit) {
    if (heard) {
      tell(Kind.LIMIT_REACHED, layer, bytes, limit, null);
    }
  }

  /**
   * Reports that a layer was closed with live blocks.
   *
   * @param layer the name of the layer
   * @param leak what is about to be thrown
   * @return {@code leak}
   */
  public static LeakException leaked(String layer, LeakException leak) {
    if (heard) {
      tell(Kind.THROWN, layer, 0, 0, leak);
    }
    return leak;
  }

  /**
   * Reports that a layer refused a free.
   *
   * @param layer the name of the layer
   * @param refusal what is about to be thrown
   * @return {@code refusal}
   */
  public static InvalidFreeException invalidFree(String layer, InvalidFreeException refusal) {
    if (heard) {
      tell(Kind.THROWN, layer, 0, 0, refusal);
    }
    return refusal;
  }

  // No lambda and no object: a full Java heap must not come out of here.
  private static void tell(
      Kind kind, String layer, long first, long second, @Nullable RuntimeException thrown) {
    for (Entry entry : entries) {
      try {
        tell(entry.listener, kind, layer, first, second, thrown);
      } catch (Throwable e) {
        try {
          failed(entry, e);
        } catch (Throwable again) {
          // No stack or heap to log with. An event is told at best; the allocator goes on.
        }
      }
    }
  }

  private static void tell(
      AllocatorListener listener,
      Kind kind,
      String layer,
      long first,
      long second,
      @Nullable RuntimeException thrown) {
    switch (kind) {
      case PAGE_TAKEN -> listener.pageTaken(layer, first, second);
      case PAGE_RETURNED -> listener.pageReturned(layer, first, second);
      case INNER_REFUSED -> listener.innerRefused(layer, first);
      case LIMIT_REACHED -> listener.limitReached(layer, first, second);
      case THROWN -> tellThrown(listener, layer, thrown);
    }
  }

  private static void tellThrown(
      AllocatorListener listener, String layer, @Nullable RuntimeException thrown) {
    if (thrown instanceof LeakException leak) {
      listener.leaked(layer, leak);
    } else if (thrown instanceof InvalidFreeException refusal) {
      listener.invalidFree(layer, refusal);
    }
  }

  private static void failed(Entry entry, Throwable thrown) {
    // Where the stack ends, the first use of a logger breaks classes of the JDK for the process.
    if (!entry.logged && !(thrown instanceof StackOverflowError)) {
      entry.logged = true;
      log("listener threw: listener=" + entry.listener.getClass().getName(), thrown);
    }
  }

  private static void log(String message, Throwable thrown) {
    System.Logger logger = System.getLogger(AllocatorListener.class.getName());
    if (thrown instanceof VirtualMachineError) {
      logger.log(
          Level.WARNING, message + ", thrown=" + thrown); // its trace tells nothing, at length
    } else {
      logger.log(Level.WARNING, message, thrown);
    }
  }
}
