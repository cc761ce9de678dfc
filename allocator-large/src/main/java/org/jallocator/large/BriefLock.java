package org.jallocator.large;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.spi.Waiting;

/**
 * A lock that is held for some tens of instructions. Who finds it taken spins first: a thread that
 * meets a monitor which is taken goes to sleep, and waking it takes longer than a hundred mallocs.
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
abstract class BriefLock {

  private static final VarHandle LOCKED;

  static {
    try {
      LOCKED = MethodHandles.lookup().findVarHandle(BriefLock.class, "locked", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
    Waiting.pause(0); // is initialized now, and not first where the stack ends
  }

  /** 1 while a thread has the lock, which sets it to 0. */
  volatile int locked;

  /** Takes the lock; waits for the thread that has it. Not reentrant. */
  final void lock() {
    for (int tries = 0; !LOCKED.compareAndSet(this, 0, 1); tries++) {
      Waiting.pause(tries);
    }
  }
}
