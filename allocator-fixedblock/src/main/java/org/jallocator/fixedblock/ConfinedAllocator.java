package org.jallocator.fixedblock;

import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/** The cold half of an allocator that one thread uses. Confined to its owner thread. */
abstract sealed class ConfinedAllocator extends PagedAllocator
    permits ConfinedFixedBlocks, ConfinedSizeClasses {

  /** The thread that may use this; null after closing. The hot paths compare with it. */
  @Nullable Thread owner = Thread.currentThread();

  /** The thread that used this last, to be named in errors. */
  private volatile Thread lastOwner = Thread.currentThread();

  /** By size class; the pool of {@link Page#NONE} stands for one that is not made yet. */
  final BlockPool[] pools;

  ConfinedAllocator(
      String layerName,
      String maxSizeName,
      long maxSize,
      long alignment,
      PageSource source,
      BlockPool[] pools) {
    super(layerName, maxSizeName, maxSize, alignment, source);
    this.pools = pools;
  }

  /** {@return a new pool for a size class} */
  abstract BlockPool newPool(int sizeClass);

  // ---------------------------------------------------------------- malloc and free

  @Override
  final long takeSlow(int sizeClass) {
    flush();
    BlockPool pool = pools[sizeClass];
    if (pool == Page.NONE.pool) {
      pool = newPool(sizeClass);
      pools[sizeClass] = pool;
    }
    return pool.refill() || (grow(pool) && pool.refill()) ? pool.takeAtHand(false) : NULL;
  }

  /** {@return whether the inner had memory for another page of a pool} */
  private boolean grow(BlockPool pool) {
    PageLayout layout = pool.nextLayout();
    Page page = Page.confined(layout, pool);
    pool.reserve();
    if (!source.take(page, layout)) {
      return false;
    }
    pool.attach(page);
    return true;
  }

  @Override
  final boolean tryFreeSlow(long address) {
    requireUsable();
    Page page = findBlock(address);
    if (page == Page.NONE) {
      return false;
    }
    flush();
    try {
      page.pool.freeSlow(page, (int) page.index(address), address);
    } catch (InvalidFreeException e) {
      throw AllocatorEvents.invalidFree(layerName, e);
    }
    if (page.pool.releaseDue() && PageSource.hasRoomToGiveBack()) {
      release(page.pool);
    }
    return true;
  }

  /** Gives back what by the rule goes back; what the inner throws passes in the end. */
  private void release(BlockPool pool) {
    Throwable thrown = null;
    for (Page page = pool.detach(); page != Page.NONE; page = pool.detach()) {
      Throwable each = source.giveBack(page);
      if (source.isRefusal(each)) {
        if (source.restore(page)) { // the inner did not take it; closing says so
          pool.attach(page);
        }
        break;
      }
      thrown = Failures.join(thrown, each);
    }
    Failures.rethrow(thrown);
  }

  /** Has the pools count all that was freed. */
  private void flush() {
    pools[0].flush(); // only a single pool defers its counts
  }

  // ---------------------------------------------------------------- who may use it

  @Override
  final void requireUsable() {
    if (Thread.currentThread() != owner && !adopt()) {
      throw owner == null
          ? AllocatorErrors.closed(layerName)
          : AllocatorErrors.wrongThread(layerName, lastOwner, "shared=true");
    }
  }

  /**
   * Makes the calling thread the owner if the owner has ended: it closes this, or a layer above
   * that gives its memory back.
   *
   * @return whether the calling thread is the owner
   */
  private synchronized boolean adopt() {
    Thread owner = this.owner;
    if (owner == null || owner.isAlive() || this.owner != owner) { // it may have closed this last
      return Thread.currentThread() == this.owner;
    }
    lastOwner = Thread.currentThread();
    this.owner = lastOwner;
    return true;
  }

  /** {@return whether this is open; throws iff confined to another thread that has not ended} */
  private boolean requireClosable() {
    if (Thread.currentThread() == owner || adopt()) {
      return true;
    }
    Thread last = lastOwner;
    if (Thread.currentThread() != last && last.isAlive()) {
      throw AllocatorErrors.wrongThread(layerName, last, "shared=true");
    }
    return false;
  }

  @Override
  final void leaveHotPaths() {} // the owner is the one that asks

  @Override
  final boolean isLive(Page page, int index) {
    flush();
    return !page.pool.isFree(page, index);
  }

  @Override
  public final boolean isShared() {
    return false;
  }

  // ---------------------------------------------------------------- figures

  @Override
  public final AllocatorStats stats() {
    long blocks = 0;
    long bytes = 0;
    for (BlockPool pool : pools) {
      long live = pool.liveBlocks();
      blocks += live;
      bytes += live * pool.blockSize;
    }
    return source.snapshot(blocks, bytes);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; after that has ended, any thread may ask. O(blocks / 64).
   */
  @Override
  public final long[] liveAddresses(int limit) {
    StackRoom.require();
    if (!requireClosable()) {
      return new long[0];
    }
    long[] found = new long[(int) Math.min(stats().liveBlocks(), Math.max(0, limit))];
    flush();
    int count = 0;
    for (BlockPool pool : pools) {
      count = pool.listLive(found, count);
    }
    return found;
  }

  // ---------------------------------------------------------------- giving back

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(pages); also the last page of each class goes back if it is
   * all-free.
   */
  @Override
  public final long trim() {
    PageSource.requireRoomToGiveBack();
    requireUsable();
    flush();
    long before = source.reservedBytes();
    Failures.rethrow(giveBackAllFree());
    return before - source.reservedBytes();
  }

  /** Gives back all all-free pages; {@return what the inner threw first, or null} */
  private @Nullable Throwable giveBackAllFree() {
    Throwable thrown = source.giveStrandedBack();
    if (source.isRefusal(thrown)) {
      return thrown;
    }
    for (BlockPool pool : pools) {
      for (Page page = pool.detachAllFree(); page != Page.NONE; page = pool.detachAllFree()) {
        Throwable each = source.giveBack(page);
        if (source.isRefusal(each)) {
          if (source.restore(page)) {
            pool.attach(page);
          }
          return each;
        }
        thrown = Failures.join(thrown, each);
      }
    }
    return thrown;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; after that has ended, any thread may close. O(pages), and if
   * blocks leaked O(blocks / 64).
   */
  @Override
  public final void close() {
    PageSource.requireRoomToGiveBack();
    if (!requireClosable()) {
      return;
    }
    flush();
    LeakException leak = leak();
    if (leak != null) {
      throw AllocatorEvents.leaked(layerName, leak);
    }
    Throwable thrown = giveBackAllFree();
    if (!source.isRefusal(thrown)) {
      owner = null;
    }
    Failures.rethrow(thrown);
  }

  private @Nullable LeakException leak() {
    AllocatorStats stats = stats();
    return stats.liveBlocks() == 0
        ? null
        : new LeakException(layerName, stats, liveAddresses(LeakException.MAX_ADDRESSES));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; after that has ended, any thread may close. O(pages), and if
   * blocks leaked O(blocks / 64).
   */
  @Override
  public final void closeAndRelease() {
    PageSource.requireRoomToGiveBack();
    if (!requireClosable()) {
      return;
    }
    flush();
    LeakException leak = leak();
    Throwable thrown = leak == null ? null : AllocatorEvents.leaked(layerName, leak);
    owner = null;
    thrown = Failures.join(thrown, source.giveStrandedBack());
    for (BlockPool pool : pools) {
      for (Page page = pool.detachAny(); page != Page.NONE; page = pool.detachAny()) {
        Throwable each = source.giveBack(page);
        thrown = Failures.join(thrown, each);
      }
    }
    Failures.rethrow(thrown);
  }
}
