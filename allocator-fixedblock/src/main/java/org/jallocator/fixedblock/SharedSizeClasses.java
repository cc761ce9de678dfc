package org.jallocator.fixedblock;

/** Size classes for all threads: the hot half. */
final class SharedSizeClasses extends SharedAllocator implements SizeClassAllocator {

  /** The alignment's exponent: it is the unit of the size classes. */
  private final int unitShift;

  SharedSizeClasses(
      PageLayout[][] layouts, long maxSize, long alignment, PageSource source, int heaps) {
    super(Builder.NAME, "maxSize", maxSize, alignment, source, layouts, Builder.KEPT_BLOCKS, heaps);
    this.unitShift = Long.numberOfTrailingZeros(alignment);
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
    if (!freeHot(address) && !freeRemotely(address)) {
      freeCold(address);
    }
  }

  @Override
  public boolean tryFree(long address) {
    return freeHot(address) || freeRemotely(address) || tryFreeCold(address);
  }

  @Override
  long mallocHot(long size) {
    if (size < 1 || size > maxSize) {
      return NULL;
    }
    Thread thread = Thread.currentThread();
    return ownerOf(thread).take(thread, sizeClass(size));
  }

  @Override
  boolean freeHot(long address) {
    Thread thread = Thread.currentThread();
    return ownerOf(thread).free(thread, address, SizeClasses.ANY, table);
  }

  @Override
  boolean freeHot(long address, long size) {
    if (size < 1 || size > maxSize) {
      return false;
    }
    Thread thread = Thread.currentThread();
    return ownerOf(thread).free(thread, address, sizeClass(size), table);
  }

  @Override
  int sizeClass(long size) {
    return SizeClasses.of(size, unitShift);
  }

  @Override
  public String toString() {
    return Builder.NAME + "(maxSize=" + maxSize + ", alignment=" + alignment() + ", shared=true)";
  }
}
