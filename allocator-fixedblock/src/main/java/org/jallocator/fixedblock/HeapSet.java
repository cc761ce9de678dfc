package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jallocator.spi.OwnerFence;
import org.jallocator.spi.StackRoom;
import org.jallocator.spi.Turns;
import org.jspecify.annotations.Nullable;

/**
 * The heaps of a shared allocator, and which thread uses which.
 *
 * <pre>
 *   platform thread   its owned heap; else one whose owner has ended; else a new one, up to a limit;
 *                     else one whose owner is idle; until there is one, the common heaps
 *   virtual thread    the common heaps
 * </pre>
 *
 * <p>A hot path finds the ownership of its thread in the array of {@link HeapHints}.
 *
 * <p>An owner is idle if its heap looks the same twice, a millisecond apart or more, and it is not
 * at work there: then a thread that needs a heap may have it. That may be an error: the owner finds
 * its heap gone and gets another. Pages go back only after some such looks, since an owner that
 * waits for a processor will need them again. A thread that has ended is kept reachable until its
 * heap is given to another, or idle heaps are looked for.
 *
 * <p>Order of locks: this set's, then those of heaps. Nobody waits for this set while it works on a
 * heap. The lock is not a monitor, since a virtual thread that waits for a heap in a monitor keeps
 * its carrier, which another virtual thread may need to leave that heap. It is fair, so that a
 * thread that locks all heaps again and again keeps nobody out.
 */
final class HeapSet {

  /** The most heaps that an allocator may be built with. */
  static final int MAX_HEAPS = 1024;

  private static final int DEFAULT_HEAPS = 32;

  /** The least time between two looks for idle heaps, in nanoseconds. */
  private static final long LOOK_NANOS =
      OwnerFence.kind() == OwnerFence.Kind.PROCESS ? 1_000_000 : 10_000_000;

  /** How many looks in a row must find a heap unused for another thread to have it. */
  private static final int LOOKS_TO_OWN = 1;

  /** How many for its pages to go back: 20 milliseconds, some turns of other threads. */
  private static final int LOOKS_TO_TRIM = (int) (20_000_000 / LOOK_NANOS);

  private static final @Nullable MethodHandle IS_VIRTUAL = isVirtualHandle();

  private final int limit;
  private final Factory factory;

  private final HeapHints hints = new HeapHints();

  /**
   * The common heaps, then those that are assigned to a thread, or were. Replaced as a whole, with
   * the lock held.
   */
  private volatile Heap[] all;

  /** How many of them are common; a power of two. */
  private final int commonCount;

  private volatile long lastLook = System.nanoTime();
  private int looks;

  /** Held to change which heaps there are and whose they are, and as long as all are locked. */
  private final ReentrantLock lock = new ReentrantLock(true);

  private boolean closed;

  /** When all heaps were locked. */
  private final Turns turns = new Turns();

  /** Makes heaps without pages, assigned to no thread. */
  interface Factory {

    /** {@return a new heap, common or to be owned} */
    Heap make(boolean common);
  }

  /**
   * Makes a set without owned heaps.
   *
   * @param limit how many heaps may be owned; 0: 32, or four a processor if that is more
   * @param factory makes the heaps
   */
  HeapSet(int limit, Factory factory) {
    int processors = Runtime.getRuntime().availableProcessors();
    this.limit = limit != 0 ? limit : Math.min(MAX_HEAPS, Math.max(DEFAULT_HEAPS, 4 * processors));
    this.factory = factory;
    int most = Math.max(1, Math.min(this.limit, 2 * processors));
    this.commonCount = Integer.highestOneBit(2 * most - 1);
    Heap[] common = new Heap[commonCount];
    Arrays.setAll(common, i -> factory.make(true));
    this.all = common;
  }

  private static @Nullable MethodHandle isVirtualHandle() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
    } catch (NoSuchMethodException e) {
      return null; // before JDK 21 every thread is a platform thread
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  static boolean isVirtual(Thread thread) {
    if (IS_VIRTUAL == null) {
      return false;
    }
    try {
      return (boolean) IS_VIRTUAL.invokeExact(thread);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** {@return what tells a thread which heap is its own; only whoever makes this set may ask} */
  HeapHints hints() {
    return hints;
  }

  // ---------------------------------------------------------------- for a malloc

  /**
   * {@return the heap assigned to a thread; null if it has none and must use a common one} Gives
   * the thread a heap if it can have one.
   */
  @Nullable Heap heapOf(Thread thread) {
    HeapOwner hint = hints.of(thread);
    if (hint.thread == thread && hint.home.owner() == hint) {
      return hint.home;
    }
    if (isVirtual(thread)) {
      return null;
    }
    Heap[] all = this.all;
    for (Heap heap : all) {
      HeapOwner owner = heap.owner();
      if (owner != null && owner.thread == thread) {
        setHint(owner);
        return heap;
      }
    }
    if (all.length < commonCount + limit) {
      lock.lock();
    } else if ((++looks & 63) != 0 || !lock.tryLock()) {
      // At the limit it seldom pays to look; a thread without a heap comes here with each malloc.
      return null;
    }
    return assignOne(thread);
  }

  /** Gives a thread a heap, if it can have one; the lock is held, and is given back. */
  private @Nullable Heap assignOne(Thread thread) {
    try {
      HeapOwner owner = closed ? null : ownFree(thread);
      if (owner == null) {
        return null;
      }
      setHint(owner);
      return owner.home;
    } finally {
      lock.unlock();
    }
  }

  /** Gives a thread a heap that nobody uses, or a new one, or one whose owner is idle. */
  private @Nullable HeapOwner ownFree(Thread thread) {
    Heap[] all = this.all;
    for (int i = commonCount; i < all.length; i++) {
      if (all[i].owner() == null || hasOwnerEnded(all[i])) {
        return own(all[i], thread);
      }
    }
    if (all.length < commonCount + limit) {
      Heap[] more = Arrays.copyOf(all, all.length + 1);
      Heap heap = factory.make(false);
      more[all.length] = heap;
      HeapOwner owner = own(heap, thread);
      this.all = more;
      return owner;
    }
    Heap idle = isTimeToLook() ? lookForIdle(true) : null;
    return idle == null ? null : own(idle, thread);
  }

  /** {@return whether a heap has an owner that has ended} */
  boolean hasOwnerEnded(Heap heap) {
    HeapOwner owner = heap.owner();
    return owner != null && !isAlive(owner);
  }

  private static boolean isAlive(HeapOwner owner) {
    Thread thread = owner.thread;
    return thread != null && thread.isAlive();
  }

  /** Gives a heap to a thread, whose ever it was; the lock is held, and the allocator open. */
  private HeapOwner own(Heap heap, Thread thread) {
    HeapOwner owner = new Padded.PaddedOwner(thread, heap);
    assign(heap, owner);
    return owner;
  }

  private void assign(Heap heap, @Nullable HeapOwner owner) {
    boolean open = heap.lock();
    assert open;
    HeapOwner before = heap.owner();
    heap.assign(owner);
    heap.unlock();
    if (before != null) {
      hints.remove(before);
    }
  }

  /**
   * Looks at each heap, to know at the next look which ones have not been used meanwhile.
   *
   * @param toOwn whether one is looked for that another thread may have, or one with pages to give
   *     back
   * @return such a heap, not used since the last look, or null
   */
  private @Nullable Heap lookForIdle(boolean toOwn) {
    Heap found = null;
    Heap[] all = this.all;
    for (int i = 0; i < all.length; i++) {
      Heap heap = all[i];
      if (hasOwnerEnded(heap)) {
        assign(heap, null);
      }
      long now = heap.fingerprint();
      boolean unused = heap.seen == now && !heap.isOwnerAtWork();
      heap.seen = now;
      heap.looksUnused = unused ? Math.min(LOOKS_TO_TRIM, heap.looksUnused + 1) : 0;
      if (found == null && (toOwn ? i >= commonCount && mayOwn(heap) : mayTrim(heap))) {
        found = heap;
      }
    }
    return found;
  }

  private static boolean mayOwn(Heap heap) {
    return heap.looksUnused >= LOOKS_TO_OWN && !heap.isGrowing();
  }

  private static boolean mayTrim(Heap heap) {
    return heap.looksUnused >= LOOKS_TO_TRIM && heap.mayTrim();
  }

  private boolean isTimeToLook() {
    long now = System.nanoTime();
    if (now - lastLook < LOOK_NANOS) {
      return false;
    }
    lastLook = now;
    return true;
  }

  /** Sets the hint of a thread. */
  private void setHint(HeapOwner owner) {
    lock.lock();
    try {
      hints.set(owner, all);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Locks a common heap, the thread's own first and the next ones if that is taken.
   *
   * @param tries how often the caller tried before
   * @return null if the heap at that turn is taken
   */
  @Nullable Heap tryLockCommon(Thread thread, int tries) {
    Heap heap = all[((int) thread.getId() + tries) & (commonCount - 1)];
    return heap.tryLock() ? heap : null;
  }

  /** {@return how many common heaps there are} */
  int commonCount() {
    return commonCount;
  }

  // ---------------------------------------------------------------- for all heaps

  /** {@return all heaps: not to be written} */
  Heap[] all() {
    return all;
  }

  /**
   * {@return whether a heap has no owner} It is taken from one that has ended, unless another
   * thread has the set, or the Java heap or the stack is full: the next one that asks takes it.
   */
  boolean isOrphan(Heap heap) {
    if (hasOwnerEnded(heap) && StackRoom.hasAboveStack() && lock.tryLock()) {
      try {
        if (hasOwnerEnded(heap) && !closed) {
          assign(heap, null);
        }
      } catch (OutOfMemoryError | StackOverflowError full) {
        return false;
      } finally {
        lock.unlock();
      }
    }
    return heap.owner() == null;
  }

  /**
   * {@return a heap whose owner is idle or has ended, by the looks of it, and that may have pages
   * to give back; null if there is none, or it is not time to look, or another thread has the set:
   * one that waited for it would be one more to wait for}
   */
  @Nullable Heap idle() {
    if (System.nanoTime() - lastLook < LOOK_NANOS || !lock.tryLock()) {
      return null;
    }
    try {
      return !closed && isTimeToLook() ? lookForIdle(false) : null;
    } finally {
      lock.unlock();
    }
  }

  /** Waits a little if all heaps were locked just now: to be called before {@link #lockAll}. */
  void letOthersIn() {
    turns.letOthersIn();
  }

  /**
   * Locks all heaps and takes them from their owners, until {@link #unlockAll} or {@link
   * #closeAll}.
   *
   * @return false, and nothing is locked, iff they are closed
   * @throws OutOfMemoryError if the Java heap is full; nothing is locked then
   */
  boolean lockAll() {
    lock.lock();
    if (closed) {
      lock.unlock();
      return false;
    }
    turns.begin();
    Heap[] all = this.all;
    int locked = 0;
    try {
      List<Thread> revoked = new ArrayList<>(all.length); // first: the Java heap may be full
      for (; locked < all.length; locked++) {
        boolean open = all[locked].lockOnly();
        assert open;
      }
      for (Heap heap : all) {
        Thread owner = heap.revoke();
        if (owner != null) {
          revoked.add(owner);
        }
      }
      OwnerFence.heavy(revoked);
      for (Heap heap : all) {
        heap.awaitOwner();
      }
      return true;
    } catch (Throwable e) {
      for (int i = 0; i < locked; i++) {
        all[i].unlock();
      }
      lock.unlock();
      throw e;
    }
  }

  /** Lets all owners come back only by slow calls; all heaps are locked. */
  void leaveHotPaths() {
    for (Heap heap : all) {
      heap.leaveHotPath();
    }
  }

  /** Unlocks all heaps. */
  void unlockAll() {
    for (Heap heap : all) {
      heap.unlock();
    }
    turns.end();
    lock.unlock();
  }

  /** Ends the use of all heaps, which are locked. */
  void closeAll() {
    closed = true;
    for (Heap heap : all) {
      heap.close();
    }
    hints.clear();
    lock.unlock();
  }
}
