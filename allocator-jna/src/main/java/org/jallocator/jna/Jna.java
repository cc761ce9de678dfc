package org.jallocator.jna;

import java.io.Closeable;
import java.lang.invoke.MethodHandles;
import java.net.URL;
import java.security.CodeSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * JNA as this module needs it: there, not too old, and with its native library. All that is public
 * here asks before it touches JNA, so that a message says what is wrong, each time, and not the
 * linkage error of whichever class came first.
 *
 * <p>JNA before 5.12 frees the address of every {@code Memory} in its finalizer by C's free, and so
 * memory of any other allocator too: the process ends some time later. Maven takes the version that
 * is nearest in the dependency tree, not the newest, so that such a JNA comes in unseen.
 *
 * <p>No name of JNA's is linked here. Shared, never blocks once JNA was found usable.
 */
final class Jna {

  /** The oldest that is supported: the first whose Memory is closed and not finalized. */
  static final String OLDEST = "5.12.0";

  private static final String NATIVE = "com.sun.jna.Native";
  private static final String MEMORY = "com.sun.jna.Memory";

  /** What is wrong, and why. */
  private record Problem(String message, @Nullable Throwable cause) {}

  /** Plain: a thread that reads an old value asks under the lock. */
  private static boolean usable;

  /** Null iff none was found. Written once. */
  private static volatile @Nullable Problem problem;

  private Jna() {}

  /**
   * Throws iff JNA cannot be used. An error such as a full stack passes and leaves the question
   * open.
   *
   * @throws IllegalStateException if JNA is missing, too old, or cannot load its native library
   */
  static void require() {
    if (!usable) {
      requireSlow();
    }
  }

  private static void requireSlow() {
    if (!isUsable()) {
      Problem found = Objects.requireNonNull(problem);
      throw new IllegalStateException(found.message, found.cause);
    }
  }

  /** {@return whether JNA can be used} */
  static synchronized boolean isUsable() {
    if (!usable && problem == null) {
      problem = find();
      usable = problem == null;
    }
    return usable;
  }

  /** {@return what is wrong; null iff nothing is} */
  private static @Nullable Problem find() {
    ClassLoader loader = Jna.class.getClassLoader();
    Class<?> memory;
    try {
      memory = Class.forName(MEMORY, false, loader);
    } catch (ClassNotFoundException e) {
      return new Problem(
          "JNA is missing: class="
              + MEMORY
              + ", remedy=add net.java.dev.jna:jna "
              + OLDEST
              + " or later to the class path",
          e);
    }
    if (!Closeable.class.isAssignableFrom(memory)) {
      return new Problem(
          "JNA is too old: version="
              + version(loader)
              + ", limit="
              + OLDEST
              + ", jar="
              + placeOf(memory)
              + ", remedy=depend on net.java.dev.jna:jna "
              + OLDEST
              + " or later directly; Maven takes the version nearest in the tree (mvn"
              + " dependency:tree -Dverbose)",
          null);
    }
    return initialize(loader, memory);
  }

  /** Has JNA load its native library. {@return why it cannot; null iff it can} */
  private static @Nullable Problem initialize(ClassLoader loader, Class<?> memory) {
    try {
      Class.forName(NATIVE, true, loader);
      return null;
    } catch (ClassNotFoundException | LinkageError e) {
      return reason(e, memory);
    } catch (VirtualMachineError e) {
      throw e;
    } catch (Error e) { // JNA's own, for a library of another version
      return new Problem("JNA cannot start: reason=" + e.getMessage(), e);
    }
  }

  /**
   * Finds out what JNA's initializer threw. If it ran before, the machine has kept the text alone.
   */
  private static Problem reason(Throwable thrown, Class<?> memory) {
    Throwable root = thrown;
    StringBuilder all = new StringBuilder(thrown.toString());
    while (root.getCause() != null) {
      root = root.getCause();
      all.append('\n').append(root);
    }
    String why = "reason=" + root.getMessage();
    if (all.indexOf("IllegalCallerException") >= 0) {
      return new Problem(
          "native access is denied to JNA: "
              + why
              + ", remedy=start Java with --enable-native-access="
              + (memory.getModule().isNamed() ? memory.getModule().getName() : "ALL-UNNAMED"),
          thrown);
    }
    if (all.indexOf("UnsatisfiedLinkError") >= 0) {
      return new Problem(
          "JNA cannot load its native library, jnidispatch: "
              + why
              // Short: a long line of a configuration error keeps its first and last 160
              // characters.
              + ", remedy=set -Djna.tmpdir to a directory that allows execution, or"
              + " -Djna.boot.library.path; unset jna.nounpack, jna.noclasspath and jna.nosys",
          thrown);
    }
    return new Problem("JNA cannot start: " + why, thrown);
  }

  /** Read at run time, for the compiler would copy the constant of the JNA that it sees. */
  private static String version(ClassLoader loader) {
    try {
      Class<?> type = Class.forName(NATIVE, false, loader);
      return (String)
          MethodHandles.publicLookup().findStaticGetter(type, "VERSION", String.class).invoke();
    } catch (VirtualMachineError e) {
      throw e;
    } catch (Throwable e) {
      return "unknown (" + e + ")";
    }
  }

  private static String placeOf(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    URL location = source == null ? null : source.getLocation();
    return location == null ? "unknown" : location.toString();
  }
}
