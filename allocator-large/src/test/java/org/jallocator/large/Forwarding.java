package org.jallocator.large;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/** An inner that passes every call on, for a test to override some. */
abstract class Forwarding implements Allocator {

  private final Allocator target;

  Forwarding(Allocator target) {
    this.target = target;
  }

  @Override
  public long malloc(long size) {
    return target.malloc(size);
  }

  @Override
  public long tryMalloc(long size) {
    return target.tryMalloc(size);
  }

  @Override
  public void free(long address) {
    target.free(address);
  }

  @Override
  public void free(long address, long size) {
    target.free(address, size);
  }

  @Override
  public long maxSize() {
    return target.maxSize();
  }

  @Override
  public long alignment() {
    return target.alignment();
  }

  @Override
  public boolean isShared() {
    return target.isShared();
  }

  @Override
  public AllocatorStats stats() {
    return target.stats();
  }

  @Override
  public void close() {
    target.close();
  }
}
