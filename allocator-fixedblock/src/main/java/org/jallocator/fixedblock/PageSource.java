package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/**
 * Takes the memory of pages from the inner allocator, gives it back, keeps the books of both, and
 * knows where every page lies.
 *
 * <p>Any thread may use it at any time; no lock is held while the inner is called.
 */
final class PageSource {

  private final Allocator inner;
  private final PageTable table;
  private final SpinLock lock = new SpinLock();
  private long reserved;
  private long peakReserved;
  private long innerMallocs;
  private long innerFrees;

  PageSource(Allocator inner, long minPageBytes) {
    this.inner = inner;
    this.table = new PageTable(minPageBytes);
  }

  PageTable table() {
    return table;
  }

  /**
   * Puts a page into memory of the inner.
   *
   * @return false iff the inner has no memory
   * @throws OutOfMemoryError if the inner throws it, or the Java heap is full; nothing has changed
   */
  boolean place(Page page, PageLayout layout) {
    long start = inner.tryMalloc(page.bytes);
    if (start == Allocator.NULL) {
      return false;
    }
    page.place(start, layout.base(start));
    try {
      enter(page);
    } catch (OutOfMemoryError e) {
      inner.free(start, page.bytes);
      throw e;
    }
    return true;
  }

  private void enter(Page page) {
    lock.lock();
    try {
      table.add(page);
      reserved += page.bytes;
      peakReserved = Math.max(peakReserved, reserved);
      innerMallocs++;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives a page's memory back. Its addresses are foreign before the inner can hand them out again.
   *
   * <p>What the inner throws passes; the page is then known still.
   */
  void giveBack(Page page) {
    remove(page);
    try {
      inner.free(page.start(), page.bytes);
    } catch (Throwable e) {
      restore(page);
      throw e;
    }
  }

  private void remove(Page page) {
    lock.lock();
    try {
      table.remove(page);
      reserved -= page.bytes;
      innerFrees++;
    } finally {
      lock.unlock();
    }
  }

  private void restore(Page page) {
    lock.lock();
    try {
      table.add(page);
      reserved += page.bytes;
      innerFrees--;
    } finally {
      lock.unlock();
    }
  }

  long reservedBytes() {
    lock.lock();
    try {
      return reserved;
    } finally {
      lock.unlock();
    }
  }

  AllocatorStats snapshot(long liveBlocks, long liveBytes) {
    lock.lock();
    try {
      return new AllocatorStats(
          liveBlocks, liveBytes, reserved, peakReserved, innerMallocs, innerFrees);
    } finally {
      lock.unlock();
    }
  }
}
