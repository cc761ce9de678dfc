package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Failures;
import org.jallocator.spi.OwnerFence;
import org.jallocator.spi.StackRoom;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * The cold half of an allocator that all threads use: a set of heaps.
 *
 * <pre>
 *   malloc   in the thread's own heap; a thread without one takes a common heap for a moment
 *   free     of a block of the thread's own heap: there
 *            of a common heap: there, under its lock, if that is free
 *            else remotely: a bit, which whoever works on the heap next collects; of a heap
 *            without an owner, that is the thread which frees
 *   growth   a page is taken from the inner by one thread for a pool; no heap is entered meanwhile
 * </pre>
 *
 * <p>Pages go back by the rule of {@link BlockPool}. A heap whose owner is idle gives its all-free
 * pages back when slow calls of other threads look for such heaps: each 64th of them, but not more
 * often than once in a millisecond. Mallocs from common heaps do not look; frees there do.
 *
 * <p>Shared, may block: malloc waits for a thread that works on a common heap, or that gets a page
 * from the inner for it; close and trim wait for calls in progress.
 */
abstract sealed class SharedAllocator extends PagedAllocator
    permits SharedFixedBlocks, SharedSizeClasses {

  private static final VarHandle MASK;

  static {
    try {
      MASK = MethodHandles.lookup().findVarHandle(SharedAllocator.class, "ownersMask", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
    Rehearsal.run();
  }

  final HeapSet heaps;

  /**
   * The array of the {@link HeapHints}, and its length less one. They are here as well, since a
   * call waits for each load on the way to its heap. Not final, but safe also if this is published
   * by a data race: HotSpot ends a constructor that has set a final field with a barrier.
   */
  private HeapOwner[] owners = {};

  @SuppressWarnings("UnusedVariable") // it is read by handle
  private int ownersMask;

  private final HeapPages pages;
  private final long[] blockSizes;
  private final FreedTwice freedTwice = new FreedTwice();
  private volatile boolean closed;

  /** How often {@link #leaveHotPaths} was called. Written while all heaps are locked. */
  private volatile int hotPathExits;

  SharedAllocator(
      String layerName,
      String maxSizeName,
      long maxSize,
      long alignment,
      PageSource source,
      PageLayout[][] layouts,
      int keptBlocks,
      int heaps) {
    super(layerName, maxSizeName, maxSize, alignment, source);
    OwnerFence.check(layerName);
    this.blockSizes = new long[layouts.length];
    for (int i = 0; i < layouts.length; i++) {
      blockSizes[i] = layouts[i][0].blockSize();
    }
    this.pages = new HeapPages(source);
    this.heaps =
        new HeapSet(
            heaps,
            common -> new Padded.PaddedHeap(layerName, layouts, keptBlocks, freedTwice, common));
    this.heaps.hints().publishTo(this::useOwners);
  }

  private void useOwners(HeapOwner[] owners) {
    this.owners = owners;
    MASK.setRelease(this, owners.length - 1);
  }

  /** {@return what most likely is a thread's ownership of a heap; or another's, or none} */
  final HeapOwner ownerOf(Thread thread) {
    int mask = (int) MASK.getAcquire(this); // first: the array is that one, or a larger one
    return owners[(int) thread.getId() & mask];
  }

  @Override
  final long blockSize(int sizeClass) {
    return blockSizes[sizeClass];
  }

  // ---------------------------------------------------------------- malloc

  @Override
  final long takeSlow(int sizeClass) {
    Thread thread = Thread.currentThread();
    tidyBeforeMalloc(thread);
    for (int tries = 0; ; tries++) {
      requireUsable();
      Heap heap = enter(thread, tries);
      if (heap == null) {
        pause(tries);
        continue;
      }
      boolean owned = heap.isAssignedTo(thread);
      PageLayout layout = null;
      long address;
      try {
        address = heap.takeSlow(sizeClass);
        BlockPool pool = heap.pool(sizeClass);
        if (address == NULL && !pool.growing) {
          pool.reserve();
          layout = pool.nextLayout();
          pool.growing = true;
        }
      } finally {
        heap.leave(owned);
      }
      if (address != NULL) {
        return address;
      }
      if (layout != null) {
        BlockPool pool = heap.poolIfMade(sizeClass);
        try {
          address = pages.takeOfNew(thread, heap, pool, layout);
        } finally {
          // The method that is called cannot do it: the stack may overflow at its entry, where the
          // compiler makes the inner's check of the stack if it inlines the inner.
          pool.growing = false;
        }
        return address != NULL ? address : takeAnywhere(sizeClass);
      }
      pause(tries);
    }
  }

  @Override
  final long takeEntered(int sizeClass, int exitsSeen) {
    Thread thread = Thread.currentThread();
    tidyBeforeMalloc(thread);
    HeapOwner owner = ownerOf(thread);
    if (owner.tryEnter(thread)) {
      try {
        return owner.home.takeSlow(sizeClass);
      } finally {
        owner.exit();
      }
    }
    return HeapSet.isVirtual(thread) ? takeOfCommon(thread, sizeClass, exitsSeen) : NULL;
  }

  private long takeOfCommon(Thread thread, int sizeClass, int exitsSeen) {
    Heap heap = heaps.tryLockCommon(thread, 0);
    if (heap == null) {
      return NULL;
    }
    try {
      return exitsSeen == hotPathExits ? heap.takeSlow(sizeClass) : NULL;
    } finally {
      heap.unlock();
    }
  }

  /** Enters the thread's own heap, or a common one. {@return null if that is taken} */
  private @Nullable Heap enter(Thread thread, int tries) {
    Heap own = heaps.heapOf(thread);
    if (own == null) {
      return heaps.tryLockCommon(thread, tries);
    }
    if (own.tryEnter(thread)) {
      return own;
    }
    // Another thread has it: wait for the lock, with which the owner gets it back.
    own.returnTo(thread);
    return null;
  }

  private void pause(int tries) {
    if (tries >= heaps.commonCount()) {
      Waiting.pause(tries - heaps.commonCount());
    }
  }

  /** The inner having no memory: takes a block of whichever heap has one. */
  private long takeAnywhere(int sizeClass) {
    for (Heap heap : heaps.all()) {
      if (!heap.lock()) {
        throw AllocatorErrors.closed(layerName);
      }
      try {
        heap.collectAll();
        long address = heap.takeSlow(sizeClass);
        if (address != NULL) {
          return address;
        }
      } finally {
        heap.unlock();
      }
    }
    return NULL;
  }

  // ---------------------------------------------------------------- free

  @Override
  final boolean freeRemotely(long address) {
    // Not by a search: the block may be of another allocator, which would wait for it.
    Page page = table.guessForOthers(address);
    long index = page.index(address);
    if (index < 0 || index >= page.blocks || page.common || closed) {
      return false;
    }
    // Reads nothing of another thread's heap that its owner writes: that would cost more than all
    // else.
    Heap heap = page.heap();
    Thread thread = Thread.currentThread();
    HeapOwner owner = ownerOf(thread);
    if (owner.home == heap && owner.thread == thread) {
      return false;
    }
    StackRoom.require();
    freeOutside(heap, page, address);
    return true;
  }

  @Override
  final boolean tryFreeSlow(long address) {
    requireUsable();
    Page page = findBlock(address);
    if (page == Page.NONE) {
      requireUsable(); // closed meanwhile: then all pages are gone
      return false;
    }
    Heap heap = page.heap();
    // An owner whose hint is lost frees remotely.
    Thread thread = Thread.currentThread();
    HeapOwner owner = ownerOf(thread);
    boolean owned = owner.home == heap && owner.tryEnter(thread);
    if (owned || (page.common && heap.tryLock())) {
      freeInside(heap, owned, page, address);
    } else {
      freeOutside(heap, page, address);
    }
    return true;
  }

  private void freeInside(Heap heap, boolean owned, Page page, long address) {
    Page released = Page.NONE;
    boolean tidy = false;
    InvalidFreeException refused = null;
    try {
      heap.freeSlow(page, (int) page.index(address), address);
      released = pages.detachDue(page.pool);
      tidy = heap.isTimeToTidy();
    } catch (InvalidFreeException e) {
      refused = e;
    } finally {
      heap.leave(owned);
    }
    if (refused != null) {
      throw AllocatorEvents.invalidFree(layerName, refused);
    }
    if (released != Page.NONE) {
      pages.giveBack(released);
    }
    if (tidy) {
      tidy();
    }
  }

  private void freeOutside(Heap heap, Page page, long address) {
    RemoteFrees.Added added = heap.freeRemotely(page, (int) page.index(address));
    if (added == RemoteFrees.Added.ALREADY) {
      requireUsable(); // closed meanwhile: then all blocks are free
      throw invalid(Reason.DOUBLE_FREE, address);
    }
    if (added == RemoteFrees.Added.FIRST_OF_WORD && heaps.isOrphan(heap) && heap.tryLock()) {
      collectFor(heap);
    }
  }

  /** Collects for a heap that no thread will, since it has no owner; it is locked. */
  private void collectFor(Heap heap) {
    Page released = Page.NONE;
    try {
      heap.collect();
      for (int i = 0; i < heap.classes() && released == Page.NONE; i++) {
        released = pages.detachDue(heap.poolIfMade(i));
      }
    } finally {
      heap.unlock();
    }
    if (released != Page.NONE) {
      pages.giveBack(released);
    }
  }

  // ---------------------------------------------------------------- trim

  /** Before a block is taken: if the inner throws at a page, no block is lost. */
  private void tidyBeforeMalloc(Thread thread) {
    if (ownerOf(thread).home.isTimeToTidy()) {
      tidy();
    }
  }

  /** Gives back the all-free pages of a heap whose owner is idle, if it is time to look for one. */
  private void tidy() {
    if (!PageSource.hasRoomToGiveBack()) {
      return;
    }
    try {
      Heap idle = heaps.idle();
      if (idle != null) {
        pages.trim(idle);
      }
    } catch (OutOfMemoryError | StackOverflowError full) {
      // The call that came by can go on; a later one looks again.
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, may block: it has each heap for a moment, also those of other threads. O(pages);
   * also the last page of each class goes back if it is all-free.
   */
  @Override
  public final long trim() {
    PageSource.requireRoomToGiveBack();
    requireUsable();
    long bytes = 0;
    for (Heap heap : heaps.all()) {
      bytes += pages.trim(heap);
    }
    return bytes;
  }

  // ---------------------------------------------------------------- who may use it

  @Override
  final void requireUsable() {
    if (closed) {
      throw AllocatorErrors.closed(layerName);
    }
  }

  @Override
  final void letOthersIn() {
    heaps.letOthersIn();
  }

  /**
   * {@inheritDoc}
   *
   * <p>An owner finds its heap revoked. A common heap cannot be revoked, so virtual threads compare
   * this count. The layer above first says that it is closed, and then adds one to the count, with
   * all heaps locked. A call first reads the count, and then asks whether the layer is open. If it
   * is, the call has read the old count. Then it gets its heap's lock before all heaps are locked,
   * and the layer sees its block; or it gets the lock later, and sees the new count.
   */
  @Override
  final void leaveHotPaths() {
    if (heaps.lockAll()) {
      int before = hotPathExits;
      hotPathExits = before + 1;
      heaps.leaveHotPaths();
      heaps.unlockAll();
    }
  }

  @Override
  final int hotPathExits() {
    return hotPathExits;
  }

  @Override
  final boolean isLive(Page page, int index) {
    return !page.pool.isFreeForOthers(page, index);
  }

  @Override
  public final boolean isShared() {
    return true;
  }

  // ---------------------------------------------------------------- figures

  @Override
  public final AllocatorStats stats() {
    long blocks = 0;
    long bytes = 0;
    for (Heap heap : heaps.all()) {
      for (int c = 0; c < heap.classes(); c++) {
        BlockPool pool = heap.poolIfMade(c);
        long live = pool.liveBlocksForOthers();
        blocks += live;
        bytes += live * pool.blockSize;
      }
    }
    return source.snapshot(blocks, bytes);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, may block: it has each heap for a moment. O(blocks / 64).
   */
  @Override
  public final long[] liveAddresses(int limit) {
    StackRoom.require();
    long[] found = new long[(int) Math.min(stats().liveBlocks(), Math.max(0, limit))];
    int count = 0;
    for (Heap heap : heaps.all()) {
      if (count < found.length && heap.lock()) {
        try {
          heap.collectAll();
          count = heap.listLive(found, count);
        } finally {
          heap.unlock();
        }
      }
    }
    return Arrays.copyOf(found, count);
  }

  // ---------------------------------------------------------------- close

  /**
   * {@inheritDoc}
   *
   * <p>Shared, may block: it waits for calls in progress, also for those of the inner. A call that
   * races with it completes, or finds the allocator closed. O(pages), and if blocks leaked O(blocks
   * / 64).
   *
   * @throws InvalidFreeException if two frees of one block raced and both succeeded: a report, one
   *     for each block; the allocator is open, and closing again goes on
   */
  @Override
  public final void close() {
    close(false);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, may block: it waits for calls in progress, also for those of the inner. O(pages),
   * and if blocks leaked O(blocks / 64).
   */
  @Override
  public final void closeAndRelease() {
    close(true);
  }

  private void close(boolean release) {
    PageSource.requireRoomToGiveBack();
    letOthersIn();
    if (!source.startClosing()) {
      return;
    }
    Throwable found;
    Throwable report;
    try {
      boolean open = heaps.lockAll();
      assert open;
      try {
        found = findings(release);
        report = found == null || release ? Failures.join(found, giveBackAll(release)) : found;
      } finally {
        if (closed) {
          heaps.closeAll();
        } else {
          heaps.unlockAll();
        }
      }
    } finally {
      source.endClosing(closed);
    }
    tell(found);
    Failures.rethrow(report);
  }

  private void tell(@Nullable Throwable found) {
    if (found instanceof LeakException leak) {
      Throwable unused = AllocatorEvents.leaked(layerName, leak);
      for (Throwable other : leak.getSuppressed()) {
        tell(other);
      }
    } else if (found instanceof InvalidFreeException twice) {
      Throwable unused = AllocatorEvents.invalidFree(layerName, twice);
    }
  }

  /**
   * Gives all pages back, with all heaps locked, and closes; unless the inner refuses a page, and
   * it need not be.
   *
   * @return what the inner threw first, or null
   */
  private @Nullable Throwable giveBackAll(boolean release) {
    closed = release; // first: a free of a block that was live finds it closed, not its page gone
    Throwable thrown = source.giveStrandedBack();
    if (source.isRefusal(thrown) && !release) {
      return thrown;
    }
    for (Heap heap : heaps.all()) {
      for (int i = 0; i < heap.classes(); i++) {
        BlockPool pool = heap.poolIfMade(i);
        for (Page page = pool.detachAny(); page != Page.NONE; page = pool.detachAny()) {
          Throwable each = source.giveBack(page);
          if (source.isRefusal(each) && !release) {
            if (source.restore(page)) {
              pool.attach(page);
            }
            return each;
          }
          thrown = Failures.join(thrown, each);
        }
      }
    }
    closed = true;
    return thrown;
  }

  /**
   * {@return what speaks against closing, or null} If memory is released all the same, that is all:
   * the leak, and in it the blocks that were freed twice.
   */
  private @Nullable Throwable findings(boolean release) {
    InvalidFreeException twice = null;
    AllocatorStats stats;
    do { // again if frees came meanwhile that made all blocks free: their bits are not collected
      for (Heap heap : heaps.all()) {
        heap.collectAll();
      }
      twice = Failures.join(twice, freedTwice.take(layerName));
      if (twice != null && !release) {
        return twice;
      }
      stats = stats();
    } while (stats.liveBlocks() == 0 && hasLiveBlocks());
    return stats.liveBlocks() == 0 ? twice : Failures.join(leak(stats), twice);
  }

  private RuntimeException leak(AllocatorStats stats) {
    long[] found = new long[(int) Math.min(stats.liveBlocks(), LeakException.MAX_ADDRESSES)];
    int count = 0;
    for (Heap heap : heaps.all()) {
      count = heap.listLive(found, count);
    }
    return new LeakException(layerName, stats, found);
  }

  /** {@return whether blocks are live, or were freed remotely and are not collected} */
  private boolean hasLiveBlocks() {
    for (Heap heap : heaps.all()) {
      for (int i = 0; i < heap.classes(); i++) {
        if (heap.poolIfMade(i).liveCount() != 0) {
          return true;
        }
      }
    }
    return false;
  }
}
