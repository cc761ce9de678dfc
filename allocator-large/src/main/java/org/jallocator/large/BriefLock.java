package org.jallocator.large;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.spi.Waiting;

/**
 * A lock that is mostly held for some tens of instructions. A thread that finds it taken spins
 * first: a thread that waits for a monitor sleeps, and waking it takes longer than a hundred
 * mallocs.
 *
 * <pre>
 *   lock();
 *   try {
 *     …
 *   } finally {
 *     locked = 0;
 *   }
 * </pre>
 *
 * <p>It is unlocked by a store, not by a call: a stack overflow cannot leave it locked.
 */
abstract class BriefLock extends FrontPadding {

  private static final VarHandle LOCKED;

  static {
    try {
      LOCKED = MethodHandles.lookup().findVarHandle(BriefLock.class, "locked", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
    Waiting.pause(0); // initializes the class now: at the end of a stack it fails
  }

  /** 1 while a thread has the lock. The thread that has it sets it to 0. */
  volatile int locked;

  /** Takes the lock; waits for the thread that has it. Not reentrant. */
  final void lock() {
    for (int tries = 0; !LOCKED.compareAndSet(this, 0, 1); tries++) {
      Waiting.pause(tries);
    }
  }
}
