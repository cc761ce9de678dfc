package org.jallocator.spi;

import java.util.concurrent.locks.LockSupport;

/**
 * How a thread waits for another, which mostly is done after some tens of instructions: it spins,
 * then yields, then sleeps for ever longer, a millisecond at the most. It sleeps because a spinning
 * thread of real-time priority would keep the other from running on the same processor.
 *
 * <p>Shared, may block: for a millisecond at the most.
 */
public final class Waiting {

  private static final int SPINS = 32;
  private static final int YIELDS = 16;
  private static final long MAX_NANOS = 1_000_000;

  private Waiting() {}

  /**
   * Waits a little, also if the thread is interrupted, which it then stays.
   *
   * @param tries how often the caller waited before, from 0 on
   */
  @SuppressWarnings("ThreadPriorityCheck") // a hint; the sleep after it is what is relied on
  public static void pause(int tries) {
    if (tries < SPINS) {
      Thread.onSpinWait();
    } else if (tries < SPINS + YIELDS) {
      Thread.yield();
    } else {
      sleep(Math.min(MAX_NANOS, 1000L << Math.min(10, tries - SPINS - YIELDS)));
    }
  }

  private static void sleep(long nanos) {
    boolean interrupted = Thread.interrupted();
    if (interrupted) {
      LockSupport.parkNanos(1); // takes the permit that came with the interrupt
    }
    LockSupport.parkNanos(nanos);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
