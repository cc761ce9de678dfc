package org.jallocator.spi;

import java.lang.invoke.VarHandle;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * The two sides of an asymmetric fence, for state that one thread owns and enters at each call, and
 * that another thread must have now and then.
 *
 * <pre>
 *   owner                         another thread
 *     busy = true                   revoked = true
 *     light()                       heavy(owners)
 *     if (!revoked) work            wait until !busy
 *     light()                       work
 *     busy = false                  revoked = false
 * </pre>
 *
 * <p>Between the two sides the owner's store of {@code busy} is before its load of {@code revoked},
 * as seen by the other thread. So only one of them works. The flags are written opaquely or with
 * release; the author of the state owes the rest of the proof.
 *
 * <p>What is relied on, and where it is said:
 *
 * <ul>
 *   <li>{@code VarHandle.releaseFence} and opaque accesses are compiler barriers in HotSpot: C1 and
 *       C2 keep the order of all memory accesses around them (their nodes take and give all of
 *       memory: {@code MemBarRelease} and {@code MemBarCPUOrder} in share/opto/library_call.cpp).
 *       So the processor alone can reorder the store and the load.
 *   <li>{@code PROCESS}: Linux's membarrier(2), PRIVATE_EXPEDITED, makes each running thread of the
 *       process execute a full barrier; Windows' FlushProcessWriteBuffers does the same.
 *   <li>{@code HANDSHAKE}: to walk a thread's stack, HotSpot stops the thread at a safepoint (JDK
 *       17) or in a handshake (later ones; JEP 312). Both end in a full barrier of the stopped
 *       thread: its stores before are visible, its loads after are fresh. A class of threads may
 *       override {@link Thread#getStackTrace}; then the stacks of all threads are walked, for which
 *       the override is not called.
 *   <li>{@code FULL}: nothing. Each entry has a full fence, as the Java memory model asks. Chosen
 *       if the virtual machine is not HotSpot.
 * </ul>
 *
 * <p>The system property {@value #PROPERTY} forces one of them, for tests. The idea is that of
 * liburcu, folly and the JDK's own ScopedMemoryAccess.
 *
 * <p>Shared, may block: {@link #heavy} for as long as it takes to stop the owners.
 */
public final class OwnerFence {

  /** The system property: {@code process}, {@code handshake} or {@code full}. */
  public static final String PROPERTY = "allocator.fence";

  /** How the heavy side works. */
  public enum Kind {
    /** One call makes all threads of the process execute a barrier; some microseconds. */
    PROCESS,
    /** The owner is stopped; microseconds to milliseconds. */
    HANDSHAKE,
    /** There is no heavy side: each entry pays a full fence. */
    FULL
  }

  /** How many providers are looked at, at the most. */
  private static final int MAX_TRIES = 64;

  private static final @Nullable ProcessFence PROCESS_FENCE = processFence();
  private static final @Nullable Kind FORCED = forced();
  private static final Kind KIND = FORCED == null ? chosen() : FORCED;
  private static final boolean FULL = KIND == Kind.FULL;

  private OwnerFence() {}

  /** The light side: a compiler barrier, and a full fence only if there is no heavy side. */
  public static void light() {
    if (FULL) {
      VarHandle.fullFence();
    } else {
      VarHandle.releaseFence();
    }
  }

  /**
   * The heavy side: returns when the owners' stores before their last {@link #light} are visible to
   * this thread, and their loads after the next one will see this thread's stores.
   *
   * @param owners the threads that may be at work; with {@link Kind#PROCESS} all threads are
   *     reached
   * @throws OutOfMemoryError if the Java heap has no room for a stack trace
   */
  public static void heavy(List<Thread> owners) {
    VarHandle.fullFence();
    if (owners.isEmpty() || FULL) {
      return;
    }
    ProcessFence fence = PROCESS_FENCE;
    if (KIND == Kind.PROCESS && fence != null) {
      try {
        fence.fence();
        return;
      } catch (IllegalStateException refused) {
        // The kernel changed its mind: stop the owners instead.
      }
    }
    for (Thread owner : owners) {
      if (overridesStackTrace(owner.getClass())) {
        Object unused = Thread.getAllStackTraces();
        return;
      }
    }
    for (Thread owner : owners) {
      Object unused = owner.getStackTrace();
    }
  }

  /** {@return whether {@link Thread#getStackTrace} of a class of threads may stop no thread} */
  static boolean overridesStackTrace(Class<? extends Thread> type) {
    try {
      return type != Thread.class
          && type.getMethod("getStackTrace").getDeclaringClass() != Thread.class;
    } catch (NoSuchMethodException | LinkageError e) {
      return true; // some method of the class names a type that is missing
    }
  }

  /** {@return what is in use} It does not change while the process runs. */
  public static Kind kind() {
    return KIND;
  }

  /**
   * Checks the system property.
   *
   * @param layerName the allocator that asks, for the message
   * @throws IllegalArgumentException if it names no kind, or one that this process does not have
   */
  public static void check(String layerName) {
    String value = System.getProperty(PROPERTY);
    if (value != null && !KIND.name().equals(value.toUpperCase(Locale.ROOT))) {
      throw new IllegalArgumentException(
          layerName
              + ": fence is unknown, not available here, or set too late: "
              + PROPERTY
              + "="
              + value
              + ", in use="
              + KIND.name().toLowerCase(Locale.ROOT)
              + ", limit=process, handshake or full");
    }
  }

  private static @Nullable Kind forced() {
    String value = System.getProperty(PROPERTY, "");
    for (Kind kind : Kind.values()) {
      if (kind.name().equals(value.toUpperCase(Locale.ROOT))) {
        return kind == Kind.PROCESS && PROCESS_FENCE == null ? null : kind;
      }
    }
    return null;
  }

  private static Kind chosen() {
    String name = System.getProperty("java.vm.name", "");
    boolean hotSpot = name.startsWith("OpenJDK") || name.startsWith("Java HotSpot");
    if (!hotSpot) {
      return Kind.FULL;
    }
    return PROCESS_FENCE == null ? Kind.HANDSHAKE : Kind.PROCESS;
  }

  private static @Nullable ProcessFence processFence() {
    return firstAvailable(
        ServiceLoader.load(ProcessFence.class, OwnerFence.class.getClassLoader()));
  }

  /** {@return the first fence that this process can use} A broken one does not hide the next. */
  static @Nullable ProcessFence firstAvailable(Iterable<ProcessFence> providers) {
    Iterator<ProcessFence> rest = providers.iterator();
    // Bounded: an unreadable list of providers is reported at every call.
    for (int tries = 0; tries < MAX_TRIES; tries++) {
      try {
        if (!rest.hasNext()) {
          return null;
        }
        ProcessFence fence = rest.next();
        if (fence.isAvailable()) {
          return fence;
        }
      } catch (ServiceConfigurationError | LinkageError | RuntimeException broken) {
        // A provider whose own needs are missing is none.
      }
    }
    return null;
  }
}
