package org.jallocator.fixedblock;

/** Fixed blocks for one thread: the hot half. */
final class ConfinedFixedBlocks extends ConfinedAllocator implements FixedBlockAllocator {

  /** All blocks. */
  private final SinglePool pool;

  private final PageLayout layout;

  ConfinedFixedBlocks(PageLayout layout, long alignment, PageSource source) {
    this(new SinglePool(Builder.NAME, layout), layout, alignment, source);
  }

  private ConfinedFixedBlocks(
      SinglePool pool, PageLayout layout, long alignment, PageSource source) {
    super(Builder.NAME, "blockSize", layout.blockSize(), alignment, source, new BlockPool[] {pool});
    this.pool = pool;
    this.layout = layout;
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
    if (size < 1 || size > maxSize || Thread.currentThread() != owner) {
      return NULL;
    }
    long address = pool.take();
    return address != NULL ? address : pool.takeLoaded(false);
  }

  @Override
  boolean freeHot(long address) {
    return Thread.currentThread() == owner && pool.free(address, table);
  }

  @Override
  boolean freeHot(long address, long size) {
    return size >= 1 && size <= maxSize && freeHot(address);
  }

  @Override
  int sizeClass(long size) {
    return 0;
  }

  @Override
  long blockSize(int sizeClass) {
    return maxSize;
  }

  @Override
  BlockPool newPool(int sizeClass) {
    return new SinglePool(Builder.NAME, layout);
  }

  @Override
  public String toString() {
    return Builder.NAME + "(blockSize=" + maxSize + ", alignment=" + alignment() + ")";
  }
}
