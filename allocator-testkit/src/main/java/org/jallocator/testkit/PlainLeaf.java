package org.jallocator.testkit;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/**
 * Another allocator as C's malloc and free are: it recognises no address and keeps no books. It
 * does not close the other one. As shared as that.
 *
 * @param inner what it hands out blocks of
 */
public record PlainLeaf(Allocator inner) implements Allocator {

  @Override
  public long malloc(long size) {
    return inner.malloc(size);
  }

  @Override
  public long tryMalloc(long size) {
    return inner.tryMalloc(size);
  }

  @Override
  public void free(long address) {
    inner.free(address);
  }

  @Override
  public void free(long address, long size) {
    inner.free(address, size);
  }

  @Override
  public long maxSize() {
    return inner.maxSize();
  }

  @Override
  public long alignment() {
    return inner.alignment();
  }

  @Override
  public boolean isShared() {
    return inner.isShared();
  }

  @Override
  public AllocatorStats stats() {
    return AllocatorStats.UNTRACKED;
  }

  @Override
  public void close() {}
}
