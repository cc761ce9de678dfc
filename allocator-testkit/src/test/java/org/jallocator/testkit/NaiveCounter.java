package org.jallocator.testkit;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;

/**
 * Passes everything on and counts it: a reference for what a stack overflow must not break; and the
 * place to plant such bugs. Other than the maps of the naive allocators, a count and a monitor
 * survive an overflow.
 */
final class NaiveCounter implements Allocator {

  private static final String NAME = "naive-counter";

  private final Allocator inner;
  private final Bug bug;
  private long live;
  private boolean taken;
  private boolean closed;

  NaiveCounter(Allocator inner, Bug bug) {
    this.inner = inner;
    this.bug = bug;
  }

  @Override
  public synchronized long malloc(long size) {
    requireOpen();
    if (bug == Bug.COUNTS_A_BLOCK_THAT_AN_OVERFLOW_KEPT_AWAY) {
      live++;
      return inner.malloc(size);
    }
    long address = inner.malloc(size);
    live++;
    return address;
  }

  @Override
  public synchronized long tryMalloc(long size) {
    requireOpen();
    long address;
    try {
      address = inner.tryMalloc(size);
    } catch (OutOfMemoryError e) {
      return NULL;
    }
    if (address != NULL) {
      live++;
    }
    return address;
  }

  @Override
  public synchronized void free(long address) {
    requireOpen();
    if (address != NULL) {
      inner.free(address);
      live--;
    }
  }

  @Override
  public synchronized void free(long address, long size) {
    requireOpen();
    if (address == NULL) {
      return;
    }
    if (taken) {
      throw new AssertionError("the lock is taken for ever");
    }
    taken = bug == Bug.LEAVES_ITS_LOCK_TAKEN_BY_AN_OVERFLOW;
    inner.free(address, size);
    taken = false;
    live--;
  }

  private void requireOpen() {
    if (closed) {
      throw AllocatorErrors.closed(NAME);
    }
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
    return true;
  }

  @Override
  public synchronized AllocatorStats stats() {
    return new AllocatorStats(true, live, 0, live, 0, 0, 0, 0);
  }

  @Override
  public synchronized void close() {
    if (!closed && live != 0) {
      throw new LeakException(NAME, stats());
    }
    closed = true;
  }

  @Override
  public synchronized void closeAndRelease() {
    LeakException leak = closed || live == 0 ? null : new LeakException(NAME, stats());
    live = 0;
    closed = true;
    if (leak != null) {
      throw leak;
    }
  }
}
