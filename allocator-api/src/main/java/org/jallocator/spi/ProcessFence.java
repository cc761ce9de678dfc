package org.jallocator.spi;

/**
 * Makes all threads of the process execute a full memory barrier, found by {@link
 * java.util.ServiceLoader}. It is the heavy side of an asymmetric fence: the light side is a
 * compiler barrier alone.
 *
 * <p>When {@link #fence} returns, every thread of the process has executed a full barrier at some
 * point between the call and the return, or does not run and will have executed one before it runs
 * again. Linux has it as {@code membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)}, Windows as {@code
 * FlushProcessWriteBuffers}.
 *
 * <p>Shared, may block for some microseconds.
 */
public interface ProcessFence {

  /**
   * {@return whether this process can use it} The first call may register the process with the
   * kernel. The answer never changes.
   */
  boolean isAvailable();

  /**
   * Runs the barrier.
   *
   * @throws IllegalStateException if the kernel refuses it
   */
  void fence();
}
