package org.jallocator.fixedblock;

import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Locale;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jallocator.spi.ProcessFence;
import org.jspecify.annotations.Nullable;

/**
 * The two sides of an asymmetric fence: {@link #light} on each entry of a heap by its owner, {@link
 * #heavy} if another thread must have the heap. Between them they order the owner's store of {@code
 * busy} before its load of {@code heap}, as seen by the other thread. See {@link HeapOwner}.
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
 *       thread: its stores before are visible, its loads after are fresh.
 *   <li>{@code FULL}: nothing. Each entry has a full fence, as the Java memory model asks. Chosen
 *       if the virtual machine is not HotSpot.
 * </ul>
 *
 * <p>The system property {@value #PROPERTY} forces one of them, for tests.
 */
final class HeapFence {

  /** The system property: {@code process}, {@code handshake} or {@code full}. */
  static final String PROPERTY = "allocator.fence";

  /** How the heavy side works. */
  enum Kind {
    /** One call makes all threads of the process execute a barrier; some microseconds. */
    PROCESS,
    /** The owner is stopped; microseconds to milliseconds. */
    HANDSHAKE,
    /** There is no heavy side: each entry pays a full fence. */
    FULL
  }

  private static final @Nullable ProcessFence PROCESS_FENCE = processFence();
  private static final @Nullable Kind FORCED = forced();
  private static final Kind KIND = FORCED == null ? chosen() : FORCED;
  private static final boolean FULL = KIND == Kind.FULL;

  private HeapFence() {}

  /** The light side: a compiler barrier, and a full fence only if there is no heavy side. */
  static void light() {
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
   * @throws OutOfMemoryError if the Java heap has no room for a stack trace
   */
  static void heavy(List<Thread> owners) {
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
      Object unused = owner.getStackTrace();
    }
  }

  /** {@return what is in use} */
  static Kind kind() {
    return KIND;
  }

  /**
   * Checks the system property.
   *
   * @throws IllegalArgumentException if it names no kind, or one that this process does not have
   */
  static void check(String layerName) {
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
    try {
      for (ProcessFence fence :
          ServiceLoader.load(ProcessFence.class, HeapFence.class.getClassLoader())) {
        if (fence.isAvailable()) {
          return fence;
        }
      }
    } catch (ServiceConfigurationError | LinkageError | RuntimeException broken) {
      return null; // a provider whose own needs are missing is none
    }
    return null;
  }
}
