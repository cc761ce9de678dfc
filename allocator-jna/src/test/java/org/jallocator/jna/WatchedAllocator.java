package org.jallocator.jna;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/** C's memory behind a hook: runs it before every malloc and free, and counts what is live. */
final class WatchedAllocator implements Allocator {

  /** What is to happen before a call. */
  interface Hook {
    void before(String call, long size);
  }

  private final DefaultAllocator c = new DefaultAllocator();
  private final Hook hook;
  private long liveBlocks;

  WatchedAllocator(Hook hook) {
    this.hook = hook;
  }

  @Override
  public synchronized long malloc(long size) {
    hook.before("malloc", size);
    long address = c.malloc(size);
    liveBlocks++;
    return address;
  }

  @Override
  public long tryMalloc(long size) {
    try {
      return malloc(size);
    } catch (OutOfMemoryError e) {
      return NULL;
    }
  }

  @Override
  public synchronized void free(long address) {
    hook.before("free", 0);
    c.free(address);
    liveBlocks--;
  }

  @Override
  public synchronized void free(long address, long size) {
    hook.before("free", size);
    c.free(address, size);
    liveBlocks--;
  }

  /** Takes one block off the books, which a test leaks on purpose. */
  synchronized void forgetOne() {
    liveBlocks--;
  }

  synchronized long liveBlocks() {
    return liveBlocks;
  }

  @Override
  public long maxSize() {
    return c.maxSize();
  }

  @Override
  public long alignment() {
    return c.alignment();
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public AllocatorStats stats() {
    return c.stats();
  }

  @Override
  public void close() {
    c.close();
  }
}
