package org.jallocator.testkit;

import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.OwningAllocator;

/** A reference for shared layers, naive pages behind one lock; and the place to plant races. */
final class NaiveShared implements OwningAllocator {

  private final NaivePages pages;
  private final Allocator inner;
  private final Bug bug;
  private final Thread maker = Thread.currentThread();
  private volatile boolean closed;

  NaiveShared(Allocator inner, Bug bug) {
    this.inner = inner;
    this.bug = bug;
    this.pages = new NaivePages(inner, Bug.SERVES_EVERY_THREAD_THOUGH_CONFINED);
  }

  @Override
  public long malloc(long size) {
    if (bug == Bug.MALLOC_LEAVES_A_PAGE_BEHIND_A_CLOSE && !closed) {
      LockSupport.parkNanos(1000);
      if (closed) {
        inner.malloc(1);
      }
    }
    synchronized (this) {
      return pages.malloc(size);
    }
  }

  @Override
  public synchronized long tryMalloc(long size) {
    return pages.tryMalloc(size);
  }

  @Override
  public void free(long address) {
    if (bug == Bug.LOSES_WHAT_OTHER_THREADS_FREE && Thread.currentThread() != maker) {
      return;
    }
    if (bug == Bug.TWO_RACING_FREES_MAY_WIN) {
      boolean live;
      synchronized (this) {
        live = pages.stats().liveBlocks() > 0 && pages.owns(address);
      }
      LockSupport.parkNanos(1000);
      synchronized (this) {
        try {
          pages.free(address);
        } catch (RuntimeException e) {
          if (!live) {
            throw e;
          }
        }
      }
      return;
    }
    synchronized (this) {
      pages.free(address);
    }
  }

  private boolean isHereAndStrange() {
    return Thread.currentThread() != maker;
  }

  @Override
  public synchronized void free(long address, long size) {
    if (accepts(address)) {
      return;
    }
    pages.free(address, size);
  }

  private boolean accepts(long address) {
    return bug == Bug.ACCEPTS_DOUBLE_FREES_OF_OTHER_THREADS
        && isHereAndStrange()
        && LongStream.of(pages.liveAddresses(Integer.MAX_VALUE)).noneMatch(a -> a == address);
  }

  @Override
  public long goodSize(long size) {
    return pages.goodSize(size);
  }

  @Override
  public synchronized long trim() {
    return pages.trim();
  }

  @Override
  public synchronized long[] liveAddresses(int limit) {
    return pages.liveAddresses(limit);
  }

  @Override
  public synchronized void closeAndRelease() {
    pages.closeAndRelease();
    closed = true;
  }

  @Override
  public synchronized boolean tryFree(long address) {
    return pages.tryFree(address);
  }

  @Override
  public synchronized boolean tryFree(long address, long size) {
    return pages.tryFree(address, size);
  }

  @Override
  public synchronized boolean owns(long address) {
    return pages.owns(address);
  }

  @Override
  public long maxSize() {
    return pages.maxSize();
  }

  @Override
  public long alignment() {
    return pages.alignment();
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public synchronized AllocatorStats stats() {
    AllocatorStats stats = pages.stats();
    if (bug == Bug.SUBTRACTS_WHAT_IT_READ_BEFORE && isHereAndStrange()) {
      return new AllocatorStats(
          stats.liveBlocks() - 1,
          stats.liveBytes(),
          stats.reservedBytes(),
          stats.peakReservedBytes(),
          stats.innerMallocs(),
          stats.innerFrees());
    }
    return stats;
  }

  @Override
  public synchronized void close() {
    pages.close();
    closed = true;
  }
}
