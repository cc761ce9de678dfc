package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;

/**
 * The pools of an allocator that all threads use: a few stripes, and in each a confined pool a size
 * class behind a lock of one word.
 *
 * <pre>
 *   malloc   the pool where this thread last found no other; where that is taken, another stripe's
 *   free     a block of the thread's own stripe, under its lock; where that is taken, and of other
 *            stripes, a bit of the page, set without it: see {@link SharedPage}
 *   refill   what was given back is folded in; only then a page is taken from the inner
 * </pre>
 *
 * <p>No lock is held while the inner is called, so that one thread's wait for the inner is nobody
 * else's. Where all stripes are taken, a malloc goes round them until one is not, spinning, and now
 * and then yields. Nothing belongs to a thread: one that dies leaves nothing behind, and any number
 * of virtual ones make do with the same stripes. A thread has a seat, by its number, that it may
 * share with others; what is remembered there are hints.
 *
 * <p>Pages go back by the rule of {@link BlockPool}; where blocks are given back without the lock,
 * it is looked at when that empties a word of 64 blocks and the pool is not taken at that moment:
 * later than where confined, by a word a page.
 *
 * <p>Beside other threads, figures lag: the peak may lack pages on their way from the inner, stats
 * may count as live a block that was just given back, and a malloc may find no memory while another
 * thread's page is on its way.
 */
final class SharedCore extends Core {

  static final int MAX_STRIPES = 1024;

  /** Threads whose numbers are equal modulo this share a seat. */
  private static final int SEATS = 64;

  /** References that are more than a cache line and the one that is prefetched with it. */
  private static final int LINE = 32;

  private final int stripes;
  private final int classes;

  /** All pools: class c of stripe s at {@code s * classes + c}. */
  private final StripePool[] pools;

  /**
   * A row for each seat: the pool last taken of, which a free asks before the table, and then for
   * each class the pool to take of.
   */
  private final StripePool[] seats;

  private final int rowShift;

  private volatile boolean closed;

  SharedCore(String layer, PageSource source, PageLayout[][] layouts, int stripes) {
    super(layer, source);
    PageLayout.require(
        layer,
        stripes >= 0 && stripes <= MAX_STRIPES && Integer.bitCount(stripes) <= 1,
        "stripes is not a power of two",
        "stripes",
        stripes,
        "limit",
        MAX_STRIPES);
    this.stripes = stripes == 0 ? defaultStripes() : stripes;
    this.classes = layouts.length;
    this.pools = new StripePool[Math.multiplyExact(this.stripes, classes)];
    for (int i = 0; i < pools.length; i++) {
      pools[i] = StripePool.of(layer, () -> closed, i / classes, layouts[i % classes]);
    }
    this.rowShift = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(LINE - 1, classes));
    this.seats = new StripePool[SEATS << rowShift];
    for (int seat = 0; seat < SEATS; seat++) {
      int row = seat << rowShift;
      int first = (seat & (this.stripes - 1)) * classes;
      seats[row] = pools[first];
      System.arraycopy(pools, first, seats, row + 1, classes);
    }
  }

  private static int defaultStripes() {
    int processors = Math.min(MAX_STRIPES, Runtime.getRuntime().availableProcessors());
    return processors == 1 ? 1 : Integer.highestOneBit(processors - 1) << 1;
  }

  private int row() {
    return ((int) Thread.currentThread().getId() & (SEATS - 1)) << rowShift;
  }

  /**
   * Takes a block of a size class without looking for one.
   *
   * @return NULL where that is not done in an instant, for whatever reason: {@link #takeSlow} knows
   */
  long take(int sizeClass) {
    int row = row();
    StripePool pool = seats[row + 1 + sizeClass];
    if (!pool.tryLock()) {
      seats[row + 1 + sizeClass] = besides(pool);
      return Allocator.NULL;
    }
    long address = pool.takeOfHand();
    pool.unlock();
    if (seats[row] != pool) {
      seats[row] = pool;
    }
    return address;
  }

  @Override
  long takeSlow(int sizeClass) {
    StripePool pool = lockAny(sizeClass);
    long address;
    try {
      address = pool.takeAny();
    } finally {
      pool.unlock();
    }
    if (address == Allocator.NULL) {
      address = takeOfNewPage(pool);
    }
    return address == Allocator.NULL ? takeAnywhere(sizeClass) : address;
  }

  /** Locks the pool of this thread's seat or, that being taken, another stripe's. */
  private StripePool lockAny(int sizeClass) {
    int seat = row() + 1 + sizeClass;
    StripePool pool = seats[seat];
    for (int tries = 1; !pool.tryLock(); tries++) {
      requireUsable();
      pool = besides(pool);
      if (tries % stripes == 0) {
        SpinLock.pause(tries / stripes);
      }
    }
    seats[seat] = pool;
    return pool;
  }

  /** {@return the pool of the same class in the next stripe} */
  private StripePool besides(StripePool pool) {
    return pools[((pool.stripe + 1) & (stripes - 1)) * classes + pool.sizeClass];
  }

  private void lock(StripePool pool) {
    if (!pool.lock()) {
      throw AllocatorErrors.closed(layer);
    }
  }

  /** Takes a page from the inner, with no lock held, and a block of it. */
  private long takeOfNewPage(StripePool pool) {
    PageLayout layout = pool.nextLayout();
    SharedPage page = new SharedPage(layout, pool);
    if (!source.place(page, layout)) {
      return Allocator.NULL;
    }
    try {
      lock(pool);
      try {
        pool.attach(page);
        return pool.takeAny();
      } finally {
        pool.unlock();
      }
    } catch (IllegalStateException | OutOfMemoryError e) { // closed meanwhile, or the heap is full
      source.giveBack(page);
      throw e;
    }
  }

  /** The inner having no memory: takes a block of whichever stripe has one. */
  private long takeAnywhere(int sizeClass) {
    for (int i = sizeClass; i < pools.length; i += classes) {
      StripePool pool = pools[i];
      lock(pool);
      try {
        pool.foldAll();
        long address = pool.takeAny();
        if (address != Allocator.NULL) {
          return address;
        }
      } finally {
        pool.unlock();
      }
    }
    return Allocator.NULL;
  }

  /**
   * Gives a block back, if that takes no more than setting its bit.
   *
   * @return false, and nothing has changed, where it does, for whatever reason: {@link #giveSlow}
   *     knows
   */
  boolean give(long address) {
    int row = row();
    return seats[row].tryGiveToHand(address) || giveToPage(row, address);
  }

  private boolean giveToPage(int row, long address) {
    Page found = table.guess(address);
    long index = found.index(address);
    if (index < 0 || index >= found.blocks) {
      return false;
    }
    SharedPage page = (SharedPage) found;
    StripePool pool = page.owner;
    if (seats[row + 1 + pool.sizeClass] == pool && pool.tryLockToFree(address)) {
      boolean given = pool.giveBackToPage(page, (int) index);
      pool.unlock();
      return given;
    }
    giveUnlocked(page, (int) index, address);
    return true;
  }

  @Override
  boolean giveSlow(long address) {
    requireUsable();
    Page page = table.find(address);
    if (page == Page.NONE) {
      return false;
    }
    long index = page.index(address);
    if (index < 0 || index >= page.blocks) {
      throw invalid(Reason.NOT_A_BLOCK, address);
    }
    StripePool pool = ((SharedPage) page).owner;
    if (seats[row() + 1 + pool.sizeClass] == pool && pool.tryLockToFree(address)) {
      giveLocked((SharedPage) page, (int) index, address);
    } else {
      giveUnlocked((SharedPage) page, (int) index, address);
    }
    return true;
  }

  /** Gives a block back with the lock held, and unlocks. */
  private void giveLocked(SharedPage page, int index, long address) {
    StripePool pool = page.owner;
    boolean mayRelease;
    try {
      pool.fold();
      if (page.isGiven(index)) {
        throw invalid(Reason.DOUBLE_FREE, address);
      }
      mayRelease = pool.give(page, index, address);
      pool.showIfInHand(page, index);
    } finally {
      pool.unlock();
    }
    if (mayRelease) {
      release(pool);
    }
  }

  /** Gives a block back without the lock. */
  private void giveUnlocked(SharedPage page, int index, long address) {
    SharedPage.Outcome outcome = page.give(index, address);
    if (outcome != SharedPage.Outcome.FREED) {
      if (outcome == SharedPage.Outcome.DOUBLE_FREE) {
        requireUsable();
        throw invalid(Reason.DOUBLE_FREE, address);
      }
      release(page.owner);
    }
  }

  /** Gives pages back while the rule says so, unless the pool is taken. */
  private void release(StripePool pool) {
    while (pool.tryLock()) {
      Page page;
      try {
        pool.fold();
        page = pool.detach();
      } finally {
        pool.unlock();
      }
      if (page == Page.NONE) {
        return;
      }
      giveBack(pool, page);
    }
  }

  private void giveBack(StripePool pool, Page page) {
    try {
      source.giveBack(page);
    } catch (Throwable e) { // an inner may refuse to take a page back
      lock(pool);
      try {
        pool.attach(page);
      } finally {
        pool.unlock();
      }
      throw e;
    }
  }

  @Override
  boolean isLive(Page page, int index) {
    return ((SharedPage) page).isLive(index);
  }

  @Override
  boolean isShared() {
    return true;
  }

  @Override
  void requireUsable() {
    if (closed) {
      throw AllocatorErrors.closed(layer);
    }
  }

  @Override
  AllocatorStats stats() {
    long blocks = 0;
    long bytes = 0;
    for (StripePool pool : pools) {
      if (!pool.lock()) {
        return source.snapshot(0, 0);
      }
      try {
        pool.fold();
        blocks += pool.live();
        bytes += pool.live() * pool.blockSize;
      } finally {
        pool.unlock();
      }
    }
    return source.snapshot(blocks, bytes);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Takes all locks, and keeps them for good where it succeeds. A malloc beside it either has
   * its block before, which then is live, or finds no pool and the allocator closed.
   */
  @Override
  void close() {
    for (StripePool pool : pools) {
      if (!pool.lock()) {
        return;
      }
    }
    try {
      requireNothingLive();
      closed = true;
      returnPages();
    } catch (Throwable e) {
      closed = false;
      for (StripePool pool : pools) {
        pool.unlock();
      }
      throw e;
    }
  }

  private void requireNothingLive() {
    long blocks = 0;
    long bytes = 0;
    for (StripePool pool : pools) {
      pool.foldAll();
      blocks += pool.live();
      bytes += pool.live() * pool.blockSize;
    }
    if (blocks != 0) {
      throw new LeakException(layer, blocks, bytes, firstLive(blocks));
    }
  }

  private long[] firstLive(long live) {
    long[] found = new long[(int) Math.min(live, LeakException.MAX_ADDRESSES)];
    int count = 0;
    for (StripePool pool : pools) {
      count = pool.listLive(found, count);
    }
    return found;
  }

  private void returnPages() {
    for (StripePool pool : pools) {
      for (Page page = pool.detachWhole(); page != Page.NONE; page = pool.detachWhole()) {
        try {
          source.giveBack(page);
        } catch (Throwable e) {
          pool.attach(page);
          throw e;
        }
      }
    }
  }

  @Override
  long blockSize(int sizeClass) {
    return pools[sizeClass].blockSize;
  }
}
