package org.jallocator.spi;

import java.util.concurrent.locks.LockSupport;

/**
 * How a thread waits for another, which mostly is done after some tens of instructions: it spins,
 * then yields, then sleeps for ever longer, a millisecond at the most. It sleeps because a spinning
 * thread of real-time priority would keep the other from running on the same processor.
 *
 * <p>A pause is a hint: if there is no Java stack or Java heap to yield or to sleep with, it
 * returns at once. A virtual thread takes Java heap for both. So a layer that has asked for {@link
 * StackRoom} may wait in the middle of a change.
 *
 * <p>Shared, may block: for a millisecond at the most.
 */
public final class Waiting {

  private static final int SPINS = 32;
  private static final int YIELDS = 16;
  private static final long MAX_NANOS = 1_000_000;

  static {
    StackRoom.hasAboveStack(); // initializes the class now: at the end of a stack it fails
  }

  private Waiting() {}

  /**
   * Waits a little, also if the thread is interrupted, which it then stays.
   *
   * @param tries how often the caller waited before, from 0 on
   */
  @SuppressWarnings("ThreadPriorityCheck") // a hint; the sleep after it is what is relied on
  public static void pause(int tries) {
    try {
      if (tries < SPINS) {
        Thread.onSpinWait();
      } else if (tries < SPINS + YIELDS) {
        Thread.yield();
      } else {
        sleep(Math.min(MAX_NANOS, 1000L << Math.min(10, tries - SPINS - YIELDS)));
      }
    } catch (VirtualMachineError full) {
      // The caller looks again at once.
    }
  }

  private static void sleep(long nanos) {
    // Where the stack ends the interrupt stays as it is: it could not be given back.
    boolean interrupted = StackRoom.hasAboveStack() && Thread.interrupted();
    try {
      if (interrupted) {
        LockSupport.parkNanos(1); // takes the permit that came with the interrupt
      }
      LockSupport.parkNanos(nanos);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
