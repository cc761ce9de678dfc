package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jallocator.spi.OwnerFence;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * Counts the blocks that threads have taken, and lets one thread wait until no call is in progress,
 * so that what it reads then decides. Calls that come meanwhile wait until it is done, and enter
 * before the next pause: a thread that closes again and again keeps nobody out.
 *
 * <p>A call adds to a word when it enters and when it leaves: the low bits count calls in progress,
 * the high bits blocks, modulo 2⁴⁴. A platform thread has a word of its own, which it alone writes,
 * without an atomic instruction. Virtual threads, and a thread whose number modulo 64 a living one
 * has, share some words, to which they add atomically. A block may be taken at one word and freed
 * at another, so that only the sum over all words means anything, and only while no call is in
 * progress. A call enters and leaves at the same word, so that a word without calls is certain.
 *
 * <p>Proof that a pause is quiet: {@code paused} is set before the words are read; a call adds to
 * its word before it reads {@code paused}. At a shared word both are full fences. At an own word
 * the call has the light fence and the pause the heavy one, see {@link OwnerFence}. So either the
 * pausing thread sees the call and waits, or the call sees the pause and leaves. A thread gets its
 * word under the monitor, in which {@code paused} is set: either the pausing thread knows of the
 * word, or the thread knows of the pause.
 *
 * <p>Shared, may block while another thread pauses. A full Java heap loses no count: a thread that
 * gets no word of its own uses a shared one.
 */
final class CallGate {

  /** How many threads may have a word of their own; a power of two. */
  private static final int OWN = 64;

  private static final int SHARED = 16;

  private static final int CALL_BITS = 20;
  private static final long CALL = 1;
  private static final long CALLS = (1L << CALL_BITS) - 1;

  private static final VarHandle WORD;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(Caller.class, "word", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** A word, and whose it is. */
  static class Caller extends FrontPadding {

    /**
     * Who alone writes the word; null: all who have none. Weak: a thread that has ended, and its
     * class loaders, must not stay as long as the gate.
     */
    @Nullable WeakReference<Thread> thread;

    /** Calls in progress and blocks. */
    private long word;

    Caller(@Nullable WeakReference<Thread> thread) {
      this.thread = thread;
    }

    /** {@return whether a thread alone writes the word} */
    final boolean isOf(Thread thread) {
      WeakReference<Thread> owner = this.thread;
      return owner != null && owner.refersTo(thread);
    }

    /**
     * {@return the thread that alone writes the word, unless it has ended; null if there is none}
     */
    final @Nullable Thread owner() {
      WeakReference<Thread> owner = this.thread;
      Thread thread = owner == null ? null : owner.get();
      return thread != null && thread.isAlive() ? thread : null;
    }

    final int calls() {
      return (int) ((long) WORD.getVolatile(this) & CALLS);
    }

    final long blocks() {
      return (long) WORD.getVolatile(this) >> CALL_BITS;
    }

    /** Adds to the word; at an own one, what comes before is ordered before it. */
    final void add(long number) {
      if (thread != null) {
        WORD.setRelease(this, word + number);
      } else {
        WORD.getAndAdd(this, number);
      }
    }
  }

  private final Caller[] shared = new Caller[SHARED];

  /** By the number of a thread: its own word, another thread's, or a shared one. */
  private final Caller[] callers = new Caller[OWN];

  private volatile boolean paused;

  /** How many calls wait for the end of a pause. */
  private int waiting;

  CallGate() {
    Arrays.setAll(shared, i -> new Padded.PaddedCaller(null));
    Arrays.setAll(callers, i -> shared[i & (SHARED - 1)]);
    OwnerFence.light(); // initializes the classes now: at the end of a stack it fails
    HeapSet.isVirtual(Thread.currentThread());
  }

  private static int number(Thread thread) {
    return (int) thread.getId() & (OWN - 1);
  }

  /** Enters a call. {@return what to leave with} */
  Caller enter() {
    Thread thread = Thread.currentThread();
    Caller caller = callers[number(thread)];
    if (!caller.isOf(thread)) {
      caller = callerOf(thread);
    }
    enter(caller);
    return caller;
  }

  /** Enters a call at a word that {@link #enter()} gave to this thread. */
  void enter(Caller caller) {
    caller.add(CALL);
    OwnerFence.light();
    if (paused) {
      caller.add(-CALL);
      enterAfterPause(caller);
    }
  }

  private Caller callerOf(Thread thread) {
    Caller caller = callers[number(thread)];
    if (HeapSet.isVirtual(thread) || caller.owner() != null) {
      return shared[number(thread) & (SHARED - 1)];
    }
    return adopt(thread);
  }

  /** Gives a thread a word of its own: that of one that has ended, or a new one. */
  synchronized Caller adopt(Thread thread) {
    int number = number(thread);
    Caller caller = callers[number];
    if (caller.owner() != null) {
      return shared[number & (SHARED - 1)];
    }
    try {
      WeakReference<Thread> owner = new WeakReference<>(thread);
      if (caller.thread == null) {
        caller = new Padded.PaddedCaller(owner);
        callers[number] = caller;
      } else {
        caller.thread = owner;
      }
      return caller;
    } catch (OutOfMemoryError javaHeapIsFull) {
      return shared[number & (SHARED - 1)];
    }
  }

  /** Enters when the pause has ended, and before another one begins. */
  private synchronized void enterAfterPause(Caller caller) {
    waiting++;
    try {
      awaitEnd(false);
      caller.add(CALL); // in the monitor: the next pause waits for this call
    } finally {
      waiting--;
      notifyAll();
    }
  }

  /** Leaves a call that took some blocks; less than 0 if it freed them. */
  void leave(Caller caller, int blocks) {
    caller.add(((long) blocks << CALL_BITS) - CALL);
  }

  /**
   * Lets no call enter, and waits for those in progress. The caller is in none.
   *
   * @throws OutOfMemoryError if the Java heap is full; calls may enter
   */
  void pause() {
    synchronized (this) {
      awaitEnd(true);
      paused = true;
    }
    try {
      OwnerFence.heavy(threads());
      for (Caller caller : shared) {
        awaitCalls(caller);
      }
      for (Caller caller : callers) {
        awaitCalls(caller);
      }
    } catch (Throwable e) {
      resume();
      throw e;
    }
  }

  /** {@return the other threads that have words of their own} */
  private List<Thread> threads() {
    List<Thread> threads = new ArrayList<>();
    for (Caller caller : callers) {
      Thread thread = caller.owner();
      if (thread != null && thread != Thread.currentThread()) {
        threads.add(thread);
      }
    }
    return threads;
  }

  private static void awaitCalls(Caller caller) {
    for (int tries = 0; caller.calls() != 0; tries++) {
      Waiting.pause(tries);
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
    for (Caller caller : shared) {
      sum += caller.blocks();
    }
    for (Caller caller : callers) {
      sum += caller.thread == null ? 0 : caller.blocks();
    }
    return Math.max(0, sum << CALL_BITS >> CALL_BITS);
  }
}
