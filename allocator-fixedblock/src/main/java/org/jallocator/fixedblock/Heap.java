package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.OwnerFence;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * One pool per size class of a shared allocator, used by one thread at a time. An owned heap is
 * assigned to a platform thread, which enters it as {@link HeapOwner} says. A common heap is
 * assigned to no thread; any thread enters it under its lock.
 *
 * <h2>Remote frees</h2>
 *
 * <p>A thread that does not work on the block's heap adds the block to {@link Page#remote}, after
 * it has seen that the block is live, and makes sure that the page is in the heap's list. Whoever
 * works on the heap next and looks, {@linkplain #collect collects}.
 *
 * <p>Two frees of one block that are ordered are told apart. The first one's bit is in the page's
 * own bitmap, or in the remote one, or on its way from this to that. A remote free reads both
 * bitmaps, and again if bits moved meanwhile ({@link BlockPool#isFreeForOthers}). The owner's free
 * reads its own bitmap; if the list is not empty it reads the remote one, too. And if it was a
 * remote free that came first, the list is not empty or its bit was collected: no remote free
 * returns before its page is in the list, also if another thread is about to put it there.
 *
 * <p>Of two frees that race, both may succeed. If both are remote, the atomic or tells them apart.
 * Else both bits may be set, and the block is not handed out before that is found: a malloc that
 * finds the list not empty looks at the bit of the block that it is about to hand out, and {@code
 * collect} compares all. What they find is reported when the allocator closes. A remote free whose
 * record becomes visible only after the malloc's look is one that came after the malloc.
 */
class Heap extends PagesToCollect {

  /** The heap that is never entered. */
  static final Heap NONE = new Heap();

  private static final int FREE = 0;
  private static final int HELD = 1;
  private static final int CLOSED = 2;

  private static final VarHandle LOCK;

  static {
    try {
      LOCK = MethodHandles.lookup().findVarHandle(Heap.class, "lock", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The pools by size class; the pool of {@link Page#NONE} stands for one that is not made yet. */
  final BlockPool[] pools;

  /** The pool of size class 0, if it is the only one. */
  final BlockPool firstPool;

  private volatile int lock;

  /** Whom this heap is assigned to; null for a common heap, or one that waits for an owner. */
  private volatile @Nullable HeapOwner owner;

  /** Whether the owner may enter when the lock is given back; written with the lock held. */
  private boolean goesBack;

  /** How often a slow call worked here. */
  private int slowCalls;

  /** How many slow calls there had been when it was last time to look for idle heaps. */
  private int tidiedAt;

  private final String layerName;
  private final PageLayout[][] layouts;
  private final int keptBlocks;
  private final FreedTwice freedTwice;

  /** Whether this heap is common for ever, and never assigned to a thread. */
  final boolean common;

  /** What the last look of {@link HeapSet} for idle heaps saw. */
  long seen;

  /** How many of these looks in a row found this heap unused, as far as they are counted. */
  int looksUnused;

  private Heap() {
    this("", new PageLayout[0][], 0, new FreedTwice(), false);
  }

  /** Makes a heap without pages, assigned to no thread. */
  Heap(
      String layerName,
      PageLayout[][] layouts,
      int keptBlocks,
      FreedTwice freedTwice,
      boolean common) {
    this.layerName = layerName;
    this.layouts = layouts;
    this.keptBlocks = keptBlocks;
    this.freedTwice = freedTwice;
    this.common = common;
    this.pools = new BlockPool[layouts.length];
    Arrays.fill(pools, Page.NONE.pool);
    this.firstPool = layouts.length == 1 ? pool(0) : Page.NONE.pool;
  }

  // ---------------------------------------------------------------- hot, having entered

  /**
   * Takes a block of a pool of this heap.
   *
   * @return NULL if neither the active word nor the magazine has one: {@link #takeSlow}
   */
  final long take(BlockPool pool) {
    if (remoteHead != Page.NONE && pool.nextWasFreedTwice()) {
      return Allocator.NULL;
    }
    long address = pool.take();
    return address != Allocator.NULL ? address : pool.takeLoaded(remoteHead != Page.NONE);
  }

  /**
   * Frees a block, if it is of this heap and of a size class, and no more is due than to set its
   * bit.
   *
   * @param likely the pool whose block it is most likely to be
   * @param sizeClass a class, or {@link SizeClasses#ANY}
   * @return false, and nothing has changed, if not: {@link #freeSlow}
   */
  final boolean free(BlockPool likely, long address, int sizeClass, PageTable table) {
    return (remoteHead == Page.NONE && likely.freeLast(address))
        || freeInPage(address, sizeClass, table);
  }

  /** As {@link #free}, in a heap of one size class, whose pool is given. */
  final boolean freeOfOne(BlockPool pool, long address, PageTable table) {
    return (remoteHead == Page.NONE && (pool.freeLast(address) || pool.free(address)))
        || freeInPage(address, SizeClasses.ANY, table);
  }

  private boolean freeInPage(long address, int sizeClass, PageTable table) {
    Page page = table.guess(address);
    long index = page.index(address);
    if (index < 0 || index >= page.blocks) {
      page = table.guessBesides(address);
      index = page.index(address);
      if (index < 0 || index >= page.blocks) {
        return false;
      }
    }
    if (page.heap != this) {
      return false;
    }
    BlockPool pool = page.pool;
    return (sizeClass == SizeClasses.ANY || sizeClass == pool.sizeClass)
        && (remoteHead == Page.NONE || !page.remote.contains((int) index))
        && pool.free(page, (int) index);
  }

  // ---------------------------------------------------------------- entering in slow paths

  /** Enters as the owner. {@return false iff the thread does not own this heap at the moment} */
  final boolean tryEnter(Thread thread) {
    HeapOwner owner = this.owner;
    return owner != null && owner.tryEnter(thread);
  }

  /** Leaves as the owner, who cannot have changed since it entered. */
  @SuppressWarnings("NullAway")
  final void exit() {
    owner.exit();
  }

  /** Leaves: as the owner, or by giving the lock back. */
  final void leave(boolean owned) {
    if (owned) {
      exit();
    } else {
      unlock();
    }
  }

  /** Takes the lock, if nobody has it and no owner may enter. */
  final boolean tryLock() {
    if (!LOCK.compareAndSet(this, FREE, HELD)) {
      return false;
    }
    HeapOwner owner = this.owner;
    if (owner == null || !owner.isInForce()) {
      return true;
    }
    lock = FREE;
    return false;
  }

  /**
   * Takes the lock, and the heap from its owner.
   *
   * @return false, without it, iff the allocator is closed
   * @throws OutOfMemoryError if the Java heap is full; nothing has changed
   */
  final boolean lock() {
    if (!lockOnly()) {
      return false;
    }
    try {
      Thread revoked = revoke();
      if (revoked != null) {
        OwnerFence.heavy(List.of(revoked));
      }
      awaitOwner();
      return true;
    } catch (Throwable e) {
      unlock();
      throw e;
    }
  }

  /** Takes the lock; an owner may still enter. {@return false iff the allocator is closed} */
  final boolean lockOnly() {
    for (int tries = 0; !LOCK.compareAndSet(this, FREE, HELD); tries++) {
      if (lock == CLOSED) {
        return false;
      }
      Waiting.pause(tries);
    }
    return true;
  }

  /**
   * Lets the owner not enter any more; the lock is held.
   *
   * @return the thread that needs the heavy fence, if there is one
   */
  final @Nullable Thread revoke() {
    HeapOwner owner = this.owner;
    if (owner == null || !owner.isInForce()) {
      return null;
    }
    goesBack = true;
    owner.revoke();
    return owner.thread;
  }

  /** Waits until the owner has left; it is revoked, and the heavy fence is done. */
  final void awaitOwner() {
    HeapOwner owner = this.owner;
    if (owner != null) {
      owner.awaitExit();
    }
  }

  /**
   * Gives the lock back, and the heap to its owner, if it had one. If another thread has called
   * {@link #leaveHotPath} before, the owner may not enter until {@link #returnTo}.
   */
  final void unlock() {
    HeapOwner owner = this.owner;
    if (goesBack && owner != null) {
      owner.restore();
    }
    goesBack = false;
    lock = FREE;
  }

  /** Lets a thread enter again that this heap is assigned to and that could not for a while. */
  final void returnTo(Thread thread) {
    if (lockOnly()) {
      goesBack = isAssignedTo(thread);
      unlock();
    }
  }

  /** Lets the owner come back only by a slow call; the lock is held. */
  final void leaveHotPath() {
    goesBack = false;
  }

  /** Ends the use of this heap; the lock is held. */
  final void close() {
    owner = null;
    lock = CLOSED;
  }

  /** {@return whom this heap is assigned to} */
  final @Nullable HeapOwner owner() {
    return owner;
  }

  /** {@return whether this heap is assigned to a thread} */
  final boolean isAssignedTo(Thread thread) {
    HeapOwner owner = this.owner;
    return owner != null && owner.thread == thread;
  }

  /** Assigns this heap to another owner, or to none; the lock is held, and the old one revoked. */
  final void assign(@Nullable HeapOwner owner) {
    this.owner = owner;
    goesBack = owner != null;
  }

  /** {@return whether a slow call works here, or a page is on its way for a pool} */
  final boolean isGrowing() {
    for (BlockPool pool : pools) {
      if (pool.growing) {
        return true;
      }
    }
    return false;
  }

  /** {@return whether a look at this heap may find a page to give back} Any thread may ask. */
  final boolean mayTrim() {
    boolean may = hasRemote();
    for (BlockPool pool : pools) {
      may |= pool.mayTrim();
    }
    return may;
  }

  /** {@return whether the owner is in a call here} May be asked by any thread. */
  final boolean isOwnerAtWork() {
    HeapOwner owner = this.owner;
    return owner != null && owner.isBusy();
  }

  /** {@return a number that most likely changes if the owner works} May be asked by any thread. */
  final long fingerprint() {
    long sum = slowCalls;
    for (BlockPool pool : pools) {
      sum = sum * 31 + pool.word;
      sum = sum * 31 + pool.taken + pool.last;
    }
    return sum;
  }

  // ---------------------------------------------------------------- work, having entered

  /** {@return the pool of a size class, which is made if there is none} */
  final BlockPool pool(int sizeClass) {
    BlockPool pool = pools[sizeClass];
    if (pool == Page.NONE.pool) {
      pool = new Padded.PaddedPool(layerName, this, keptBlocks, layouts[sizeClass]);
      pools[sizeClass] = pool;
    }
    return pool;
  }

  /** {@return how many size classes there are} */
  final int classes() {
    return pools.length;
  }

  /** {@return the pool of a size class as it is; that of {@link Page#NONE} if it is not made} */
  final BlockPool poolIfMade(int sizeClass) {
    return pools[sizeClass];
  }

  /**
   * Takes a block, collecting if there is no other or it is time: not with each word, since a
   * thread that frees remotely and this one would take the lines of its page from each other.
   *
   * @return NULL iff all pages of the class are full
   */
  final long takeSlow(int sizeClass) {
    BlockPool pool = pool(sizeClass);
    // A thread that never runs out of blocks would otherwise never collect.
    slowCalls++;
    if ((slowCalls & 63) == 0) {
      collect();
    }
    long address = takeOrRefill(pool, true);
    if (address != Allocator.NULL) {
      return address;
    }
    collect();
    return takeOrRefill(pool, false);
  }

  /** Takes what is at hand first: in a common heap, no hot path has done so before. */
  private static long takeOrRefill(BlockPool pool, boolean remote) {
    long address = pool.takeAtHand(remote);
    return address == Allocator.NULL && pool.refill() ? pool.takeAtHand(remote) : address;
  }

  /**
   * Frees a block.
   *
   * @throws InvalidFreeException if the block is free
   */
  final void freeSlow(Page page, int index, long address) {
    if (page.remote.contains(index)) {
      throw new InvalidFreeException(Reason.DOUBLE_FREE, layerName, address);
    }
    page.pool.freeSlow(page, index, address);
    slowCalls++;
  }

  /** Moves remote frees into the pages' own bitmaps: those of pages in the list. */
  final void collect() {
    Page page = takeAll();
    while (page != Page.NONE) {
      Page next = page.remote.next;
      startRound(page); // before the bits are taken: a later free enters the list again
      collect(page);
      page = next;
    }
  }

  private void collect(Page page) {
    RemoteFrees remote = page.remote;
    for (int i = 0; i < remote.summaryCount(); i++) {
      for (long left = remote.takeSummary(i); left != 0; left &= left - 1) {
        collect(page, i << 6 | Long.numberOfTrailingZeros(left));
      }
    }
  }

  private void collect(Page page, int word) {
    BlockPool pool = page.pool;
    long twice = pool.collect(page, word);
    for (; twice != 0; twice &= twice - 1) {
      int index = word << 6 | Long.numberOfTrailingZeros(twice);
      freedTwice.add(page.base + index * pool.blockSize);
    }
  }

  /** As {@link #collect}, of all pages: also what a thread stalled before it entered the list. */
  final void collectAll() {
    collect();
    for (BlockPool pool : pools) {
      for (int slot = 0; slot < pool.slots(); slot++) {
        Page page = pool.page(slot);
        for (int word = 0; word < page.wordCount; word++) {
          collect(page, word);
        }
      }
    }
  }

  /**
   * {@return whether it is time to look for heaps whose owners are idle: 64 slow calls after the
   * last time} Who asks without having entered may be told so too often, or too late.
   */
  final boolean isTimeToTidy() {
    int calls = slowCalls;
    if (calls - tidiedAt < 64) {
      return false;
    }
    tidiedAt = calls;
    return true;
  }

  /** Writes addresses of live blocks; {@return how many there are then} */
  final int listLive(long[] found, int count) {
    int listed = count;
    for (BlockPool pool : pools) {
      listed = pool.listLive(found, listed);
    }
    return listed;
  }

  /** {@return the all-free pages, linked, no longer held} */
  final Page detachAllFree() {
    Page chain = Page.NONE;
    for (BlockPool pool : pools) {
      for (Page page = pool.detachAllFree(); page != Page.NONE; page = pool.detachAllFree()) {
        page.nextDetached = chain;
        chain = page;
      }
    }
    return chain;
  }

  // ---------------------------------------------------------------- without entering

  /**
   * Frees a block remotely.
   *
   * @return {@code ALREADY}, and nothing has changed, iff the block is free already
   */
  final RemoteFrees.Added freeRemotely(Page page, int index) {
    if (page.pool.isFreeForOthers(page, index)) {
      return RemoteFrees.Added.ALREADY;
    }
    RemoteFrees.Added added = page.remote.add(index);
    if (added != RemoteFrees.Added.ALREADY) {
      enqueue(page);
    }
    return added;
  }
}
