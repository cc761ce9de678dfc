package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.Allocator;
import org.jallocator.spi.OwnerFence;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * A thread's ownership of a heap: the thread enters the heap without a lock and without an atomic
 * instruction, until another thread revokes the ownership, for a moment or for good.
 *
 * <pre>
 *   owner                                   another thread (trim, close, taking over an idle heap)
 *     busy = 1                                lock of the heap = HELD   (CAS)
 *     light fence                             heap = null
 *     if (heap != null)                       heavy fence
 *       work                                  wait until busy == 0
 *     light fence                             work
 *     busy = 0                                heap = as before, lock = FREE
 * </pre>
 *
 * <p>Proof that only one works. Let R be the heavy fence of the other thread. The owner's load of
 * {@code heap} is before R or after R. If it is after R, it sees null, and the owner does not work.
 * If it is before R, so is its store of {@code busy}, which is before the load in program order; R
 * makes the store visible, and the other thread waits until the owner has left. The compiler keeps
 * the order of the store and the load, since the light fence is between them. The owner's work is
 * visible to the other thread: the light fence orders it before {@code busy = 0}, which the other
 * thread reads. The other thread's work is visible to the owner: it is released by the store of
 * {@code heap} and acquired by the load. {@code heap} becomes non-null again only by a thread that
 * holds the lock.
 *
 * <p>{@code busy} is written by one thread alone, ever: each ownership is an object of its own. If
 * it were a field of the heap, a thread that was stopped before its first store, and lost the heap
 * meanwhile, would clear the flag of the next owner, who is at work.
 *
 * <p>{@code busy} is cleared in {@code finally} by a plain store, not by a call: a stack overflow
 * cannot leave it set.
 */
class HeapOwner extends FrontPadding {

  /** The ownership of no thread. */
  static final HeapOwner NONE = new HeapOwner(null, Heap.NONE);

  private static final VarHandle HEAP;
  private static final VarHandle BUSY;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEAP = lookup.findVarHandle(HeapOwner.class, "heap", Heap.class);
      BUSY = lookup.findVarHandle(HeapOwner.class, "busy", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The owner; null only in {@link #NONE}. */
  final @Nullable Thread thread;

  /** What is owned. */
  final Heap home;

  /**
   * The heap's pools, and the one if there is but one: a load less on the way to a pool, which a
   * call would wait for.
   */
  private final BlockPool[] pools;

  private final BlockPool firstPool;

  /** The class of the last malloc by the hot path: the free that follows is likely to be of it. */
  private int lastClass;

  /** What is owned, or null while the ownership is revoked. Written with the heap's lock held. */
  private @Nullable Heap heap;

  /** 1 while the owner works. Written by the owner alone. */
  @SuppressWarnings("UnusedVariable") // it is read by handle
  private int busy;

  /** Makes an ownership that is revoked. */
  HeapOwner(@Nullable Thread thread, Heap home) {
    this.thread = thread;
    this.home = home;
    this.pools = home.pools;
    this.firstPool = home.firstPool;
  }

  // ---------------------------------------------------------------- the owner's hot paths

  /**
   * Takes a block of a size class, if the thread owns the heap, and the active word or the magazine
   * has one.
   *
   * @return NULL if not: the slow path finds out why
   */
  final long take(Thread thread, int sizeClass) {
    if (this.thread != thread) {
      return Allocator.NULL;
    }
    long address = Allocator.NULL;
    try {
      busy = 1;
      OwnerFence.light();
      Heap heap = (Heap) HEAP.getAcquire(this);
      if (heap != null) {
        lastClass = sizeClass;
        address = heap.take(pools[sizeClass]);
      }
      OwnerFence.light();
    } finally {
      busy = 0;
    }
    return address;
  }

  /** As {@link #take}, in a heap of one size class. */
  final long takeOfOne(Thread thread) {
    if (this.thread != thread) {
      return Allocator.NULL;
    }
    long address = Allocator.NULL;
    try {
      busy = 1;
      OwnerFence.light();
      Heap heap = (Heap) HEAP.getAcquire(this);
      if (heap != null) {
        address = heap.take(firstPool);
      }
      OwnerFence.light();
    } finally {
      busy = 0;
    }
    return address;
  }

  /**
   * Frees a block, if the thread owns the heap, the block is of it and of a size class, and no more
   * is due than to set its bit.
   *
   * @param sizeClass a class, or {@link SizeClasses#ANY}
   * @return false, and nothing has changed, if not: the slow path finds out why
   */
  final boolean free(Thread thread, long address, int sizeClass, PageTable table) {
    if (this.thread != thread) {
      return false;
    }
    boolean freed = false;
    try {
      busy = 1;
      OwnerFence.light();
      Heap heap = (Heap) HEAP.getAcquire(this);
      if (heap != null) {
        BlockPool pool = pools[sizeClass == SizeClasses.ANY ? lastClass : sizeClass];
        freed = heap.free(pool, address, sizeClass, table);
      }
      OwnerFence.light();
    } finally {
      busy = 0;
    }
    return freed;
  }

  /** As {@link #free}, in a heap of one size class. */
  final boolean freeOfOne(Thread thread, long address, PageTable table) {
    if (this.thread != thread) {
      return false;
    }
    boolean freed = false;
    try {
      busy = 1;
      OwnerFence.light();
      Heap heap = (Heap) HEAP.getAcquire(this);
      if (heap != null) {
        freed = heap.freeOfOne(firstPool, address, table);
      }
      OwnerFence.light();
    } finally {
      busy = 0;
    }
    return freed;
  }

  // ---------------------------------------------------------------- the owner's slow paths

  /** Enters the heap. {@return false iff the calling thread does not own it at the moment} */
  final boolean tryEnter(Thread caller) {
    if (thread != caller) {
      return false;
    }
    busy = 1;
    OwnerFence.light();
    if (HEAP.getAcquire(this) != null) {
      return true;
    }
    busy = 0;
    return false;
  }

  /** Leaves the heap. */
  final void exit() {
    BUSY.setRelease(this, 0);
  }

  // ---------------------------------------------------------------- with the heap's lock held

  /** {@return whether the owner may enter} */
  final boolean isInForce() {
    return heap != null;
  }

  /** Lets the owner not enter any more: after the heavy fence, that is. */
  final void revoke() {
    HEAP.setVolatile(this, (Heap) null);
  }

  /** Waits until the owner has left; this is revoked, and the heavy fence is done. */
  final void awaitExit() {
    for (int tries = 0; (int) BUSY.getAcquire(this) != 0; tries++) {
      Waiting.pause(tries);
    }
  }

  /** Lets the owner enter. */
  final void restore() {
    HEAP.setRelease(this, home);
  }

  /** {@return whether the owner works, as far as the caller can see} Any thread may ask. */
  final boolean isBusy() {
    return (int) BUSY.getOpaque(this) != 0;
  }
}
