package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.spi.Waiting;

/**
 * Counts the blocks that threads have taken, and lets one thread wait until no call is in progress,
 * so that what it reads then decides. Calls that come meanwhile wait until it is done, and enter
 * before the next pause: a thread that closes again and again keeps nobody out.
 *
 * <p>A call adds to the word of its thread's stripe when it enters and when it leaves: the low bits
 * count calls in progress, the high bits blocks, modulo 2⁴⁴. A block may be taken in one stripe and
 * freed in another, so that only the sum over all stripes means anything, and only while no call is
 * in progress. A call enters and leaves in the same stripe, so that a stripe without calls is
 * certain.
 *
 * <p>Proof that a pause is quiet: {@code paused} is set before the stripes are read; a call adds to
 * its stripe before it reads {@code paused}, both with full fences. So either the pausing thread
 * sees the call and waits, or the call sees the pause and leaves.
 *
 * <p>Shared, may block while another thread pauses. No allocation: a full Java heap loses no count.
 */
final class CallGate {

  private static final int STRIPES = 16;

  /** A stripe's distance from the next, in longs: a cache line and the one that is prefetched. */
  private static final int LINE = 16;

  private static final int CALL_BITS = 20;
  private static final long CALL = 1;
  private static final long CALLS = (1L << CALL_BITS) - 1;

  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] words = new long[(STRIPES + 1) * LINE];
  private volatile boolean paused;

  /** How many calls wait for the end of a pause. */
  private int waiting;

  private static int stripe(Thread thread) {
    return (((int) thread.getId() & (STRIPES - 1)) + 1) * LINE;
  }

  /** Enters a call. {@return the stripe, to leave with} */
  int enter() {
    int stripe = stripe(Thread.currentThread());
    enter(stripe);
    return stripe;
  }

  /** Enters a call at a stripe that {@link #enter()} gave to this thread. */
  void enter(int stripe) {
    WORDS.getAndAdd(words, stripe, CALL);
    if (paused) {
      WORDS.getAndAdd(words, stripe, -CALL);
      enterAfterPause(stripe);
    }
  }

  /** Enters when the pause has ended, and before another one begins. */
  private synchronized void enterAfterPause(int stripe) {
    waiting++;
    try {
      awaitEnd(false);
      WORDS.getAndAdd(words, stripe, CALL); // in the monitor: the next pause waits for this call
    } finally {
      waiting--;
      notifyAll();
    }
  }

  /** Leaves a call that took some blocks; less than 0 if it freed them. */
  void leave(int stripe, int blocks) {
    WORDS.getAndAdd(words, stripe, ((long) blocks << CALL_BITS) - CALL);
  }

  /** Lets no call enter, and waits for those in progress. The caller is in none. */
  void pause() {
    synchronized (this) {
      awaitEnd(true);
      paused = true;
    }
    try {
      for (int stripe = LINE; stripe < words.length; stripe += LINE) {
        for (int tries = 0; ((long) WORDS.getVolatile(words, stripe) & CALLS) != 0; tries++) {
          Waiting.pause(tries);
        }
      }
    } catch (Throwable e) {
      resume();
      throw e;
    }
  }

  /** Lets calls enter again. */
  synchronized void resume() {
    paused = false;
    notifyAll();
  }

  /** Waits for the end of a pause, and for the calls that wait for it too. */
  private synchronized void awaitEnd(boolean ofCallsToo) {
    boolean interrupted = false;
    while (paused || (ofCallsToo && waiting > 0)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * {@return how many blocks are out; it decides only between pause and resume, else it may lag}
   */
  long blocks() {
    long sum = 0;
    for (int stripe = LINE; stripe < words.length; stripe += LINE) {
      sum += (long) WORDS.getVolatile(words, stripe) >> CALL_BITS;
    }
    return Math.max(0, sum << CALL_BITS >> CALL_BITS);
  }
}
