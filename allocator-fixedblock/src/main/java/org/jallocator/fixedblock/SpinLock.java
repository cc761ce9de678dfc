package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock of one word, to be held for a few instructions and never while another allocator is
 * called. Whoever waits for it spins, and yields now and then; nobody is parked. Not reentrant.
 */
final class SpinLock {

  private static final int SPINS = 64;

  private static final VarHandle LOCKED = lockedHandle();

  @SuppressWarnings("unused") // read and written through LOCKED
  private boolean locked;

  private static VarHandle lockedHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(SpinLock.class, "locked", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  boolean tryLock() {
    return LOCKED.compareAndSet(this, false, true);
  }

  void lock() {
    for (int spins = 1; !tryLock(); spins++) {
      pause(spins);
    }
  }

  void unlock() {
    LOCKED.setRelease(this, false);
  }

  /** Lets others run, the more so the longer one has waited. */
  @SuppressWarnings("ThreadPriorityCheck") // progress does not depend on the yield
  static void pause(int spins) {
    if (spins % SPINS == 0) {
      Thread.yield();
    } else {
      Thread.onSpinWait();
    }
  }
}
