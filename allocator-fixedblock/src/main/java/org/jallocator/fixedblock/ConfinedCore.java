package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jspecify.annotations.Nullable;

/** The pools of an allocator that one thread uses. */
final class ConfinedCore extends Core {

  /** The thread that may use this: the one that made it, and none after closing. */
  private @Nullable Thread owner = Thread.currentThread();

  private final BlockPool[] pools;

  /** The same thread for as long as this lives, to be named in errors. */
  private final Thread maker = Thread.currentThread();

  /**
   * Makes a core of pools without pages.
   *
   * @param pools by size class
   */
  ConfinedCore(String layer, PageSource source, BlockPool... pools) {
    super(layer, source);
    this.pools = pools;
  }

  /**
   * {@return by size class, what the one thread may take of and give back to without asking this}
   */
  BlockPool[] pools() {
    return pools;
  }

  @Override
  long takeSlow(int sizeClass) {
    requireUsable();
    settle();
    BlockPool pool = pools[sizeClass];
    return pool.refill() || (grow(pool) && pool.refill()) ? pool.take() : Allocator.NULL;
  }

  /** {@return whether the inner had memory for another page of a pool} */
  private boolean grow(BlockPool pool) {
    pool.reserve();
    PageLayout layout = pool.nextLayout();
    Page page = new Page(layout, pool);
    if (!source.place(page, layout)) {
      return false;
    }
    pool.attach(page);
    return true;
  }

  @Override
  boolean giveSlow(long address) {
    requireUsable();
    settle();
    Page page = table.findAlone(address);
    if (page == Page.NONE) {
      return false;
    }
    long index = page.index(address);
    if (index < 0 || index >= page.blocks) {
      throw invalid(Reason.NOT_A_BLOCK, address);
    }
    if (page.pool.give(page, (int) index, address)) {
      release(page.pool);
    }
    return true;
  }

  /** Lets the pools know of all that was given back. */
  private void settle() {
    pools[0].settle(); // those that have others know
  }

  private void release(BlockPool pool) {
    for (Page page = pool.detach(); page != Page.NONE; page = pool.detach()) {
      giveBack(pool, page);
    }
  }

  private void giveBack(BlockPool pool, Page page) {
    try {
      source.giveBack(page);
    } catch (Throwable e) {
      pool.attach(page); // an inner may refuse to take a page back
      throw e;
    }
  }

  @Override
  boolean isLive(Page page, int index) {
    settle();
    return page.pool.isLive(page, index);
  }

  @Override
  boolean isShared() {
    return false;
  }

  @Override
  void requireUsable() {
    if (Thread.currentThread() != owner) {
      throw unusable();
    }
  }

  private IllegalStateException unusable() {
    return Thread.currentThread() == maker
        ? AllocatorErrors.closed(layer)
        : AllocatorErrors.wrongThread(layer, maker, "shared=true");
  }

  @Override
  AllocatorStats stats() {
    if (Thread.currentThread() != maker) {
      throw unusable();
    }
    settle();
    return source.snapshot(liveBlocks(), liveBytes());
  }

  private long liveBlocks() {
    long live = 0;
    for (BlockPool pool : pools) {
      live += pool.live();
    }
    return live;
  }

  private long liveBytes() {
    long live = 0;
    for (BlockPool pool : pools) {
      live += pool.live() * pool.blockSize;
    }
    return live;
  }

  @Override
  void close() {
    if (Thread.currentThread() != maker) {
      throw unusable();
    }
    if (owner == null) {
      return;
    }
    settle();
    long live = liveBlocks();
    if (live != 0) {
      throw new LeakException(layer, live, liveBytes(), firstLive(live));
    }
    for (BlockPool pool : pools) {
      for (Page page = pool.detachWhole(); page != Page.NONE; page = pool.detachWhole()) {
        giveBack(pool, page);
      }
    }
    owner = null;
  }

  private long[] firstLive(long live) {
    long[] found = new long[(int) Math.min(live, LeakException.MAX_ADDRESSES)];
    int count = 0;
    for (BlockPool pool : pools) {
      count = pool.listLive(found, count);
    }
    return found;
  }

  @Override
  long blockSize(int sizeClass) {
    return pools[sizeClass].blockSize;
  }
}
