package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;

/**
 * The pools of an allocator that all threads use: a few stripes, each a confined core behind a lock
 * of one word.
 *
 * <pre>
 *   malloc   the stripe where this thread last found no other; where that is taken, the next
 *   free     a bit of the page, set without a lock: see {@link SharedPage}
 *   refill   what was given back is folded in; only then a page is taken from the inner
 * </pre>
 *
 * <p>A lock is held for some ten instructions, or while a pool folds; never while the inner is
 * called, so that one thread's wait for the inner is nobody else's. Where all stripes are taken, a
 * malloc goes round them until one is not, spinning, and now and then yields. Nothing belongs to a
 * thread: one that dies leaves nothing behind, and any number of virtual ones make do with the same
 * stripes.
 *
 * <p>Pages go back by the rule of {@link BlockPool}, looked at when a free empties a word of 64
 * blocks and the stripe is not taken at that moment: later than where confined, by a word a page.
 *
 * <p>Beside other threads, figures lag: the peak may lack pages on their way from the inner, stats
 * may count as live a block that was just given back, and a malloc may find no memory while another
 * thread's page is on its way.
 */
final class SharedCore extends Core {

  static final int MAX_STRIPES = 1024;

  /** Threads whose numbers are equal modulo this begin at the same stripe. */
  private static final int STARTS = 256;

  private final Stripe[] stripes;

  /** Where a thread begins; a hint, written when it had to move on. */
  private final int[] starts = new int[STARTS];

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
    this.stripes = new Stripe[stripes == 0 ? defaultStripes() : stripes];
    for (int i = 0; i < this.stripes.length; i++) {
      this.stripes[i] = new Stripe(layer, layouts);
    }
    for (int i = 0; i < STARTS; i++) {
      starts[i] = i & (this.stripes.length - 1);
    }
  }

  private static int defaultStripes() {
    int processors = Math.min(MAX_STRIPES, Runtime.getRuntime().availableProcessors());
    return processors == 1 ? 1 : Integer.highestOneBit(processors - 1) << 1;
  }

  private static int startIndex() {
    return (int) Thread.currentThread().getId() & (STARTS - 1);
  }

  @Override
  long take(int sizeClass) {
    return stripes[starts[startIndex()]].tryTake(sizeClass);
  }

  @Override
  long takeSlow(int sizeClass) {
    StripePool pool = lockAny().pools[sizeClass];
    long address;
    try {
      address = pool.takeAny();
    } finally {
      pool.stripe.unlock();
    }
    if (address == Allocator.NULL) {
      address = takeOfNewPage(pool);
    }
    return address == Allocator.NULL ? takeAnywhere(sizeClass) : address;
  }

  /** Locks the stripe where this thread begins or, that being taken, any other. */
  private Stripe lockAny() {
    int start = startIndex();
    for (int spins = 1; ; spins++) {
      requireUsable();
      for (int i = 0; i < stripes.length; i++) {
        int index = (starts[start] + i) & (stripes.length - 1);
        if (stripes[index].tryLock()) {
          if (i != 0) {
            starts[start] = index;
          }
          return stripes[index];
        }
      }
      SpinLock.pause(spins);
    }
  }

  private void lock(Stripe stripe) {
    for (int spins = 1; !stripe.tryLock(); spins++) {
      requireUsable();
      SpinLock.pause(spins);
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
      lock(pool.stripe);
      try {
        pool.attach(page);
        return pool.takeAny();
      } finally {
        pool.stripe.unlock();
      }
    } catch (IllegalStateException | OutOfMemoryError e) { // closed meanwhile, or the heap is full
      source.giveBack(page);
      throw e;
    }
  }

  /** The inner having no memory: takes a block of whichever stripe has one. */
  private long takeAnywhere(int sizeClass) {
    for (Stripe stripe : stripes) {
      lock(stripe);
      try {
        StripePool pool = stripe.pools[sizeClass];
        pool.foldAll();
        long address = pool.takeAny();
        if (address != Allocator.NULL) {
          return address;
        }
      } finally {
        stripe.unlock();
      }
    }
    return Allocator.NULL;
  }

  @Override
  boolean give(long address) {
    if (closed) {
      throw AllocatorErrors.closed(layer);
    }
    Page page = stripes[starts[startIndex()]].recentPage();
    long index = page.index(address);
    if (index >= 0 && index < page.blocks) {
      give((SharedPage) page, (int) index, address);
      return true;
    }
    return giveToOtherPage(address);
  }

  private boolean giveToOtherPage(long address) {
    Page page = table.guess(address);
    long index = page.index(address);
    if (index >= 0 && index < page.blocks) {
      give((SharedPage) page, (int) index, address);
      return true;
    }
    return giveSlow(address);
  }

  private boolean giveSlow(long address) {
    Page page = table.find(address);
    if (page == Page.NONE) {
      return false;
    }
    long index = page.index(address);
    if (index < 0 || index >= page.blocks) {
      throw invalid(Reason.NOT_A_BLOCK, address);
    }
    give((SharedPage) page, (int) index, address);
    return true;
  }

  private void give(SharedPage page, int index, long address) {
    SharedPage.Outcome outcome = page.free(index);
    if (outcome != SharedPage.Outcome.FREED) {
      if (outcome == SharedPage.Outcome.DOUBLE_FREE) {
        throw invalid(Reason.DOUBLE_FREE, address);
      }
      release(page.pool);
    }
  }

  /** Gives pages back while the rule says so, unless the stripe is taken. */
  private void release(StripePool pool) {
    if (!pool.stripe.tryLock()) {
      return;
    }
    Page page = detach(pool);
    while (page != Page.NONE) {
      giveBack(pool, page);
      if (!pool.stripe.tryLock()) {
        return;
      }
      page = detach(pool);
    }
  }

  /** Unlocks the stripe, too. */
  private Page detach(StripePool pool) {
    try {
      pool.fold();
      return pool.detach();
    } finally {
      pool.stripe.unlock();
    }
  }

  private void giveBack(StripePool pool, Page page) {
    try {
      source.giveBack(page);
    } catch (Throwable e) { // an inner may refuse to take a page back
      lock(pool.stripe);
      try {
        pool.attach(page);
      } finally {
        pool.stripe.unlock();
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
    for (Stripe stripe : stripes) {
      if (!lockUnlessClosed(stripe)) {
        return source.snapshot(0, 0);
      }
      try {
        for (StripePool pool : stripe.pools) {
          pool.fold();
          blocks += pool.live();
          bytes += pool.live() * pool.blockSize;
        }
      } finally {
        stripe.unlock();
      }
    }
    return source.snapshot(blocks, bytes);
  }

  private boolean lockUnlessClosed(Stripe stripe) {
    for (int spins = 1; !stripe.tryLock(); spins++) {
      if (closed) {
        return false;
      }
      SpinLock.pause(spins);
    }
    return true;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Takes all locks, and keeps them for good where it succeeds. A malloc beside it either has
   * its block before, which then is live, or finds no stripe and the allocator closed.
   */
  @Override
  void close() {
    for (int i = 0; i < stripes.length; i++) {
      if (!lockUnlessClosed(stripes[i])) {
        return;
      }
    }
    try {
      requireNothingLive();
      closed = true;
      returnPages();
    } catch (Throwable e) {
      closed = false;
      for (Stripe stripe : stripes) {
        stripe.unlock();
      }
      throw e;
    }
  }

  private void requireNothingLive() {
    long blocks = 0;
    long bytes = 0;
    for (Stripe stripe : stripes) {
      for (StripePool pool : stripe.pools) {
        pool.foldAll();
        blocks += pool.live();
        bytes += pool.live() * pool.blockSize;
      }
    }
    if (blocks != 0) {
      throw new LeakException(layer, blocks, bytes, firstLive(blocks));
    }
  }

  private long[] firstLive(long live) {
    long[] found = new long[(int) Math.min(live, LeakException.MAX_ADDRESSES)];
    int count = 0;
    for (Stripe stripe : stripes) {
      for (StripePool pool : stripe.pools) {
        count = pool.listLive(found, count);
      }
    }
    return found;
  }

  private void returnPages() {
    for (Stripe stripe : stripes) {
      for (StripePool pool : stripe.pools) {
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
  }

  @Override
  long blockSize(int sizeClass) {
    return stripes[0].pools[sizeClass].blockSize;
  }
}
