package org.jallocator.jna;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.util.Map;

/** A platform's barrier for all threads of the process. Shared, may block for some microseconds. */
abstract class Barrier {

  private Barrier() {}

  /** {@return whether {@link #run} works} */
  boolean isAvailable() {
    return true;
  }

  /** Runs the barrier. {@return false iff the system refuses} */
  abstract boolean run();

  /** {@return the platform's, ready for use} */
  static Barrier ofPlatform() {
    if (!Jna.isUsable()) {
      return new None();
    }
    try {
      if (Native.SIZE_T_SIZE != Long.BYTES) {
        return new None();
      }
      if (Platform.isWindows()) {
        return new Windows();
      }
      return Platform.isLinux() ? Linux.ready() : new None();
    } catch (LinkageError e) {
      return new None();
    }
  }

  /** The barrier of a platform without one. */
  private static final class None extends Barrier {
    @Override
    boolean isAvailable() {
      return false;
    }

    @Override
    boolean run() {
      return false;
    }
  }

  /** The kernel's membarrier, which the C library has no function for. */
  interface Syscall {
    long syscall(long number, long command, long flags, long processor);
  }

  static final class SyscallTemplate implements Syscall {
    @Override
    public native long syscall(long number, long command, long flags, long processor);
  }

  /** Linux 4.14 and later. */
  private static final class Linux extends Barrier {

    /** The numbers of membarrier by JNA's names of architectures, from the kernel's tables. */
    private static final Map<String, Integer> NUMBERS =
        Map.of(
            "x86-64", 324,
            "aarch64", 283,
            "riscv64", 283,
            "loongarch64", 283,
            "ppc64", 365,
            "ppc64le", 365,
            "s390x", 356);

    private static final int QUERY = 0;
    private static final int PRIVATE_EXPEDITED = 1 << 3;
    private static final int REGISTER_PRIVATE_EXPEDITED = 1 << 4;

    private final Syscall calls;
    private final long number;

    private Linux(Syscall calls, long number) {
      this.calls = calls;
      this.number = number;
    }

    /** {@return the barrier, registered with the kernel and tried} */
    static Barrier ready() {
      Integer number = NUMBERS.get(Platform.ARCH);
      if (number == null) {
        return new None();
      }
      Syscall calls = LibraryCalls.ofProcess(Syscall.class, SyscallTemplate.class);
      Linux barrier = new Linux(calls, number);
      int needed = PRIVATE_EXPEDITED | REGISTER_PRIVATE_EXPEDITED;
      long supported = barrier.call(QUERY); // -1 if the call itself is refused
      boolean works =
          supported >= 0
              && (supported & needed) == needed
              && barrier.call(REGISTER_PRIVATE_EXPEDITED) == 0
              && barrier.run();
      return works ? barrier : new None();
    }

    private long call(int command) {
      return calls.syscall(number, command, 0, 0);
    }

    @Override
    boolean run() {
      return call(PRIVATE_EXPEDITED) == 0;
    }
  }

  /** Windows' function, which cannot fail. */
  interface Flush {
    void FlushProcessWriteBuffers();
  }

  static final class FlushTemplate implements Flush {
    @Override
    public native void FlushProcessWriteBuffers();
  }

  private static final class Windows extends Barrier {

    private final Flush calls =
        LibraryCalls.ofLibrary("kernel32", Flush.class, FlushTemplate.class);

    @Override
    boolean run() {
      calls.FlushProcessWriteBuffers();
      return true;
    }
  }
}
