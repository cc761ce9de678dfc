package org.jallocator.bench.contenders;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/** A peer that deals in addresses, in the form of our own interface. Shared, may block. */
public abstract class PeerAllocator implements Allocator {

  @Override
  public final long malloc(long size) {
    long address = tryMalloc(size);
    if (address == NULL) {
      throw outOfMemory(size);
    }
    return address;
  }

  private static OutOfMemoryError outOfMemory(long size) {
    return new OutOfMemoryError("peer returned NULL: size=" + size);
  }

  @Override
  public final void free(long address, long size) {
    free(address);
  }

  @Override
  public final long maxSize() {
    return Long.MAX_VALUE;
  }

  @Override
  public final long alignment() {
    return 16;
  }

  @Override
  public final boolean isShared() {
    return true;
  }

  @Override
  public final AllocatorStats stats() {
    return AllocatorStats.UNTRACKED;
  }

  @Override
  public final void close() {}
}
