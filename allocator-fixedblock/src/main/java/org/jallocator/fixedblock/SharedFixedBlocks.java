package org.jallocator.fixedblock;

/** Fixed blocks for all threads: the hot half. */
final class SharedFixedBlocks extends SharedAllocator implements FixedBlockAllocator {

  SharedFixedBlocks(PageLayout layout, long alignment, PageSource source, int heaps) {
    super(
        Builder.NAME,
        "blockSize",
        layout.blockSize(),
        alignment,
        source,
        new PageLayout[][] {{layout}},
        0,
        heaps);
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
    return ownerOf(thread).takeOfOne(thread);
  }

  @Override
  boolean freeHot(long address) {
    Thread thread = Thread.currentThread();
    return ownerOf(thread).freeOfOne(thread, address, table);
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
  public String toString() {
    return Builder.NAME + "(blockSize=" + maxSize + ", alignment=" + alignment() + ", shared=true)";
  }
}
