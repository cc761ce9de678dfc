package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/** Hides that an allocator is an owning one. */
final class Plain implements Allocator {

  private final Allocator inner;

  Plain(Allocator inner) {
    this.inner = inner;
  }

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
    return inner.stats();
  }

  @Override
  public void close() {
    inner.close();
  }
}
