package org.jallocator.jna;

import com.google.auto.service.AutoService;
import com.sun.jna.Native;
import org.jallocator.spi.ProcessFence;
import org.jspecify.annotations.Nullable;

/**
 * The barriers of Linux and of Windows, called through JNA.
 *
 * <p>On Linux {@code membarrier(2)}, which the kernel may lack, and a container's filter may
 * refuse: it is asked for, registered and run once before this calls itself available. On Windows
 * {@code FlushProcessWriteBuffers}. Unavailable on other systems, in a process that is not of 64
 * bits, and if JNA cannot be used.
 *
 * <p>Shared, may block for some microseconds. One JNI crossing and one system call; no object is
 * made.
 */
@AutoService(ProcessFence.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class JnaProcessFence implements ProcessFence {

  /** Null until the first question. Written once, under the lock of the class. */
  private static volatile @Nullable Barrier barrier;

  /** For the service loader. */
  public JnaProcessFence() {}

  @Override
  public boolean isAvailable() {
    return barrier().isAvailable();
  }

  @Override
  public void fence() {
    if (!barrier().run()) {
      throw refused();
    }
  }

  private static Barrier barrier() {
    Barrier known = barrier;
    return known != null ? known : barrierSlow();
  }

  /** An error, such as a full stack, passes and leaves the question open. */
  private static synchronized Barrier barrierSlow() {
    Barrier known = barrier;
    if (known == null) {
      known = Barrier.ofPlatform();
      barrier = known;
    }
    return known;
  }

  private IllegalStateException refused() {
    return new IllegalStateException(
        isAvailable()
            ? "the system refuses the process fence: errno=" + Native.getLastError()
            : "this platform has no process fence: isAvailable=false");
  }
}
