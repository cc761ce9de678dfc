package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.spi.Failures;

/**
 * Moves pages between the heaps of a shared allocator and the inner. No heap is entered and no lock
 * is held while the inner is called; {@link PageSource} knows which pages are on their way.
 *
 * <p>Shared, may block: it waits for a heap that another thread has, and for the inner.
 */
final class HeapPages {

  private final PageSource source;

  HeapPages(PageSource source) {
    this.source = source;
  }

  // ---------------------------------------------------------------- from the inner

  /**
   * Takes a page from the inner for a pool that the calling thread has marked as growing, and a
   * block of it.
   *
   * @param heap whose pool it is; not entered by the calling thread
   * @return NULL iff the inner has no memory
   * @throws OutOfMemoryError if the inner throws it, or the Java heap is full; nothing has changed
   */
  long takeOfNew(Thread thread, Heap heap, BlockPool pool, PageLayout layout) {
    Page page = Page.shared(layout, pool);
    source.setOut();
    try {
      return source.take(page, layout) ? takeFirst(thread, heap, page) : Allocator.NULL;
    } finally {
      source.arrive();
    }
  }

  private long takeFirst(Thread thread, Heap heap, Page page) {
    try {
      return attach(thread, heap, page);
    } catch (Throwable e) { // the Java heap had no room
      if (page.slot == Page.NO_SLOT) {
        Throwable unused = source.giveBack(page);
      }
      throw e;
    }
  }

  private static long attach(Thread thread, Heap heap, Page page) {
    boolean owned = heap.tryEnter(thread);
    if (!owned && !heap.lock()) {
      throw new AssertionError("closed with a page on its way");
    }
    try {
      page.pool.reserve(); // again: a page that the inner refused may have taken the room
      page.pool.attach(page);
      return heap.takeSlow(page.pool.sizeClass);
    } finally {
      heap.leave(owned);
    }
  }

  // ---------------------------------------------------------------- to the inner

  /**
   * {@return the pages, linked, that by the rule go back; they are on their way then, and the
   * caller {@linkplain #giveBack gives them back}} {@link Page#NONE} if the allocator is closing,
   * or there is no room on the stack. The pool's heap is entered.
   */
  Page detachDue(BlockPool pool) {
    if (!pool.releaseDue() || !PageSource.hasRoomToGiveBack() || !source.trySetOut()) {
      return Page.NONE;
    }
    Page chain = Page.NONE;
    for (Page page = pool.detach(); page != Page.NONE; page = pool.detach()) {
      page.nextDetached = chain;
      chain = page;
    }
    if (chain == Page.NONE) {
      source.arrive();
    }
    return chain;
  }

  /**
   * Gives linked pages back that are on their way; what the inner throws passes in the end.
   *
   * @return the bytes that went back
   */
  long giveBack(Page chain) {
    Throwable thrown = null;
    long bytes = 0;
    try {
      Page next;
      for (Page page = chain; page != Page.NONE; page = next) {
        next = page.nextDetached; // another thread may detach the page again, once reattached
        Throwable each = source.giveBack(page);
        if (source.isRefusal(each)) {
          reattach(page); // the inner did not take it; closing says so
          continue;
        }
        bytes += page.bytes;
        thrown = Failures.join(thrown, each);
      }
    } finally {
      source.arrive();
    }
    Failures.rethrow(thrown);
    return bytes;
  }

  /** Gives a page to its pool again; if the Java heap is full, closing gives it back. */
  private void reattach(Page page) {
    try {
      Heap heap = page.heap();
      boolean open = heap.lock();
      assert open; // closing waits for pages on their way
      try {
        page.pool.reserve();
        if (source.restore(page)) {
          page.pool.attach(page);
        }
      } finally {
        heap.unlock();
      }
    } catch (OutOfMemoryError javaHeapIsFull) {
      source.strand(page);
    }
  }

  /** Gives back all all-free pages of a heap. {@return their bytes; 0 while closing} */
  long trim(Heap heap) {
    if (!source.trySetOut()) {
      return 0;
    }
    Page chain = Page.NONE;
    try {
      if (heap.lock()) {
        try {
          heap.collect();
          chain = heap.detachAllFree();
        } finally {
          heap.unlock();
        }
      }
    } catch (Throwable e) {
      source.arrive();
      throw e;
    }
    return giveBack(chain);
  }
}
