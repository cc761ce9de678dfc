package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;

/**
 * The state of an allocator of this module, one pool a size class: confined to its owner thread, or
 * shared. Two implementations and no third, so that the compiler inlines both wherever one is
 * called.
 *
 * <p>A size class is an index here; that sizes fit their classes is the caller's business.
 */
abstract sealed class Core permits ConfinedCore, SharedCore {

  final String layer;
  final PageSource source;
  final PageTable table;

  Core(String layer, PageSource source) {
    this.layer = layer;
    this.source = source;
    this.table = source.table();
  }

  /**
   * Makes a core of one pool.
   *
   * @param pool the pool where confined, for whose frees the caller has to ask it first
   * @param stripes of a shared one, or 0 for as many as there are processors
   */
  static Core ofOne(
      String layer,
      Allocator inner,
      PageLayout layout,
      LonePool pool,
      boolean shared,
      int stripes) {
    PageSource source = new PageSource(inner, layout.bytes());
    return shared
        ? new SharedCore(layer, source, new PageLayout[][] {{layout}}, stripes)
        : new ConfinedCore(layer, source, pool);
  }

  /**
   * Makes a core of a pool a size class.
   *
   * @param layouts of each size class's pages, small ones first
   * @param stripes of a shared one, or 0 for as many as there are processors
   */
  static Core of(
      String layer, Allocator inner, PageLayout[][] layouts, boolean shared, int stripes) {
    long minPageBytes = Long.MAX_VALUE;
    for (PageLayout[] ofClass : layouts) {
      minPageBytes = Math.min(minPageBytes, ofClass[0].bytes());
    }
    PageSource source = new PageSource(inner, minPageBytes);
    return shared
        ? new SharedCore(layer, source, layouts, stripes)
        : new ConfinedCore(layer, source, pools(layer, layouts));
  }

  private static BlockPool[] pools(String layer, PageLayout[][] layouts) {
    BlockPool[] pools = new BlockPool[layouts.length];
    for (int i = 0; i < layouts.length; i++) {
      pools[i] = new BlockPool(layer, layouts[i]);
    }
    return pools;
  }

  /**
   * Takes a block of a size class.
   *
   * @return NULL iff there is no memory
   * @throws OutOfMemoryError if the inner throws it, or the Java heap is full; nothing has changed
   * @throws IllegalStateException if closed, or confined to another thread
   */
  abstract long takeSlow(int sizeClass);

  /**
   * Gives a block back.
   *
   * @return false iff the address is in none of the pages
   * @throws InvalidFreeException if it is in a page, and no live block
   * @throws IllegalStateException if closed, or confined to another thread
   */
  abstract boolean giveSlow(long address);

  /**
   * Refuses a live block that comes with a size that is not of its class.
   *
   * @param sizeClass the class of the size, or -1 where it has none
   * @throws InvalidFreeException if the address is a live block's of another class
   */
  final void requireSize(long address, int sizeClass, long size) {
    Page page = table.guess(address);
    if (page.pool.sizeClass != sizeClass || !page.spans(address)) {
      requireSizeSlow(address, sizeClass, size);
    }
  }

  private void requireSizeSlow(long address, int sizeClass, long size) {
    requireUsable();
    Page page = table.find(address);
    long index = page.index(address);
    if (page.pool.sizeClass != sizeClass
        && index >= 0
        && index < page.blocks
        && isLive(page, (int) index)) {
      throw new InvalidFreeException(layer, address, size, blockSize(page.pool.sizeClass));
    }
  }

  abstract boolean isLive(Page page, int index);

  final boolean owns(long address) {
    requireUsable();
    return table.find(address) != Page.NONE;
  }

  abstract boolean isShared();

  /** Throws iff closed, or confined to another thread. */
  abstract void requireUsable();

  /** A snapshot, also of a closed one. */
  abstract AllocatorStats stats();

  /**
   * Gives all pages back.
   *
   * @throws LeakException if a block is live; nothing is given back
   */
  abstract void close();

  abstract long blockSize(int sizeClass);

  final InvalidFreeException invalid(Reason reason, long address) {
    return new InvalidFreeException(reason, layer, address);
  }
}
