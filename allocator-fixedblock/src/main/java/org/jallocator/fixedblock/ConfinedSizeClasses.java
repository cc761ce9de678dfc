package org.jallocator.fixedblock;

import java.util.Arrays;

/** Size classes for one thread: the hot half. */
final class ConfinedSizeClasses extends ConfinedAllocator implements SizeClassAllocator {

  private final PageLayout[][] layouts;

  /** The alignment's exponent: it is the unit of the size classes. */
  private final int unitShift;

  /** The class of the block that was handed out last. */
  private int lastClass;

  ConfinedSizeClasses(PageLayout[][] layouts, long maxSize, long alignment, PageSource source) {
    super(Builder.NAME, "maxSize", maxSize, alignment, source, noPools(layouts.length));
    this.layouts = layouts;
    this.unitShift = Long.numberOfTrailingZeros(alignment);
  }

  private static BlockPool[] noPools(int count) {
    BlockPool[] pools = new BlockPool[count];
    Arrays.fill(pools, Page.NONE.pool);
    return pools;
  }

  @Override
  public long malloc(long size) {
    long address = mallocHot(size);
    return address != NULL ? address : mallocCold(size);
  }

  @Override
  public long tryMalloc(long size) {
    long address = mallocHot(size);
    return address != NULL ? address : tryMallocCold(size);
  }

  @Override
  public void free(long address) {
    if (!freeHot(address)) {
      freeCold(address);
    }
  }

  @Override
  public boolean tryFree(long address) {
    return freeHot(address) || tryFreeCold(address);
  }

  @Override
  long mallocHot(long size) {
    BlockPool[] pools = this.pools;
    int sizeClass = sizeClass(size); // sizes out of range have a class beyond
    if (Thread.currentThread() != owner || sizeClass >= pools.length || size > maxSize) {
      return NULL;
    }
    lastClass = sizeClass;
    BlockPool pool = pools[sizeClass];
    long address = pool.take();
    return address != NULL ? address : pool.takeLoaded(false);
  }

  @Override
  boolean freeHot(long address) {
    return Thread.currentThread() == owner
        && (pools[lastClass].freeLast(address) || freeInPage(address, SizeClasses.ANY));
  }

  @Override
  boolean freeHot(long address, long size) {
    BlockPool[] pools = this.pools;
    int sizeClass = sizeClass(size); // sizes out of range have a class beyond
    return Thread.currentThread() == owner
        && sizeClass < pools.length
        && size <= maxSize
        && (pools[sizeClass].freeLast(address) || freeInPage(address, sizeClass));
  }

  private boolean freeInPage(long address, int sizeClass) {
    Page page = table.guess(address);
    long index = page.index(address);
    if (index < 0 || index >= page.blocks) {
      page = table.guessBesides(address);
      index = page.index(address);
      if (index < 0 || index >= page.blocks) {
        return false;
      }
    }
    BlockPool pool = page.pool;
    return (sizeClass == SizeClasses.ANY || sizeClass == pool.sizeClass)
        && pool.free(page, (int) index);
  }

  @Override
  int sizeClass(long size) {
    return SizeClasses.of(size, unitShift);
  }

  @Override
  long blockSize(int sizeClass) {
    return layouts[sizeClass][0].blockSize();
  }

  @Override
  BlockPool newPool(int sizeClass) {
    return new BlockPool(Builder.NAME, null, Builder.KEPT_BLOCKS, layouts[sizeClass]);
  }

  @Override
  public String toString() {
    return Builder.NAME + "(maxSize=" + maxSize + ", alignment=" + alignment() + ")";
  }
}
