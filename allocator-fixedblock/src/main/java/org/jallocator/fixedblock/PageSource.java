package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * Takes the memory of pages from the inner allocator and gives it back, keeps the books of both,
 * and has the table of where every page lies.
 *
 * <p>No lock is held while the inner is called. A page is on its way from the call of the inner
 * until a pool has it, and from the pool until the inner has it. Closing waits for pages on their
 * way, so that none is left when the inner is closed next; meanwhile no page sets out. What waits
 * for that does so once: it sets out before the next close.
 *
 * <p>Shared, may block: the books and the table are changed under this object's monitor.
 */
final class PageSource {

  static {
    AllocatorEvents.areHeard(); // is initialized now, and not first where the stack ends
  }

  private final String layerName;
  private final Allocator inner;
  private final PageTable table;

  /** The books: written under the monitor, read by any thread. */
  private volatile long reserved;

  private volatile long peakReserved;
  private volatile long innerMallocs;
  private volatile long innerFrees;

  /** How many threads have a page on its way. */
  private int onTheWay;

  /** How many threads wait for the end of a close, to let a page set out. */
  private int waiting;

  /** Pages that the inner refused and that the Java heap had no room to use again; linked. */
  private Page stranded = Page.NONE;

  private boolean closing;
  private boolean closed;

  PageSource(String layerName, Allocator inner, long minPageBytes) {
    this.layerName = layerName;
    this.inner = inner;
    this.table = new PageTable(minPageBytes);
  }

  PageTable table() {
    return table;
  }

  // ---------------------------------------------------------------- pages on their way

  /**
   * Lets a page set out; waits while the allocator is closing, but not for a second close.
   *
   * @throws IllegalStateException if the allocator is closed
   */
  synchronized void setOut() {
    waiting++;
    try {
      awaitEnd(false);
    } finally {
      waiting--;
      notifyAll();
    }
    if (closed) {
      throw AllocatorErrors.closed(layerName);
    }
    onTheWay++;
  }

  /**
   * Lets a page set out; {@return false, without waiting, iff the allocator closes or is closed}
   */
  synchronized boolean trySetOut() {
    if (closing || closed) {
      return false;
    }
    onTheWay++;
    return true;
  }

  /** Says that the page has arrived, or does not come. */
  synchronized void arrive() {
    onTheWay--;
    notifyAll();
  }

  /**
   * Lets no more pages set out, and waits for those on their way.
   *
   * @return false, and nothing has changed, iff the allocator is closed
   */
  synchronized boolean startClosing() {
    awaitEnd(true);
    closing = !closed;
    boolean interrupted = false;
    while (closing && onTheWay > 0) {
      interrupted |= waitInterruptibly();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return !closed;
  }

  /** Waits for the end of a close, and for the pages that wait for it too. */
  private synchronized void awaitEnd(boolean ofPagesToo) {
    boolean interrupted = false;
    while (closing || (ofPagesToo && waiting > 0)) {
      interrupted |= waitInterruptibly();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends what {@link #startClosing} began. */
  synchronized void endClosing(boolean closed) {
    this.closed = closed;
    closing = false;
    notifyAll();
  }

  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private boolean waitInterruptibly() {
    try {
      wait();
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  // ---------------------------------------------------------------- memory

  /**
   * Puts a page into memory of the inner; it is in the table after that.
   *
   * @return false iff the inner has no memory
   * @throws OutOfMemoryError if the inner throws it, or the Java heap is full; nothing has changed
   */
  boolean take(Page page, PageLayout layout) {
    long start = takeInner(page.bytes);
    if (start == Allocator.NULL) {
      AllocatorEvents.innerRefused(layerName, page.bytes);
      return false;
    }
    page.place(start, layout.base(start));
    try {
      enter(page);
    } catch (Throwable e) {
      freeInner(page, e);
      throw e;
    }
    AllocatorEvents.pageTaken(layerName, start, page.bytes);
    return true;
  }

  private long takeInner(long bytes) {
    try {
      return inner.tryMalloc(bytes);
    } catch (OutOfMemoryError e) {
      AllocatorEvents.innerRefused(layerName, bytes);
      throw e;
    }
  }

  private void freeInner(Page page, Throwable cause) {
    try {
      inner.free(page.start(), page.bytes);
    } catch (Throwable e) {
      Failures.join(cause, e);
    }
  }

  private synchronized void enter(Page page) {
    table.add(page);
    reserve(page.bytes);
    innerMallocs++;
  }

  private synchronized void reserve(long bytes) {
    long more = reserved + bytes;
    peakReserved = Math.max(peakReserved, more); // first, for those who read both
    reserved = more;
  }

  /**
   * Makes sure that the stack has room for {@link #giveBack}: to be called before a page leaves its
   * pool. The inner's own check of the stack is not enough. If the compiler inlines the inner, it
   * makes that check at the entry of one of our methods, and a page would be lost there.
   *
   * @throws StackOverflowError if it has not; nothing has changed
   */
  static void requireRoomToGiveBack() {
    StackRoom.requireAboveStack();
  }

  /** {@return whether {@link #requireRoomToGiveBack} would return} */
  static boolean hasRoomToGiveBack() {
    return StackRoom.hasAboveStack();
  }

  /**
   * Gives a page's memory back. Its addresses are foreign before the inner can hand them out again.
   *
   * @return null; or what the inner threw, and the page is dropped from the books all the same,
   *     since the inner may have taken it. If it {@link #isRefusal}, the page may be restored.
   */
  @Nullable Throwable giveBack(Page page) {
    remove(page);
    try {
      inner.free(page.start(), page.bytes);
    } catch (Throwable e) {
      return e;
    }
    AllocatorEvents.pageReturned(layerName, page.start(), page.bytes);
    return null;
  }

  /** {@return whether what {@link #giveBack} returned says that the inner took nothing} */
  boolean isRefusal(@Nullable Throwable thrown) {
    return thrown != null && StackChecked.tookNothing(inner, thrown);
  }

  boolean isStackChecked() {
    return StackChecked.is(inner);
  }

  private synchronized void remove(Page page) {
    table.remove(page);
    reserved -= page.bytes;
    innerFrees++;
  }

  /**
   * Takes a page into the books again that the inner refused to take back.
   *
   * @return whether a pool may use it; if not, since the Java heap is full, it waits for {@link
   *     #giveStrandedBack}
   */
  synchronized boolean restore(Page page) {
    try {
      table.add(page);
    } catch (OutOfMemoryError javaHeapIsFull) {
      strand(page);
      return false;
    }
    reserve(page.bytes);
    innerFrees--;
    return true;
  }

  /** As {@link #restore}, of a page that no pool can use. */
  synchronized void strand(Page page) {
    page.nextDetached = stranded;
    stranded = page;
    reserve(page.bytes);
    innerFrees--;
  }

  /**
   * Gives back the pages that no pool could use, until the inner refuses one again.
   *
   * @return what the inner threw first, or null
   */
  @Nullable Throwable giveStrandedBack() {
    Throwable thrown = null;
    for (Page page = pollStranded(); page != Page.NONE; page = pollStranded()) {
      Throwable each = giveBack(page);
      if (isRefusal(each)) {
        strand(page);
        return each;
      }
      thrown = Failures.join(thrown, each);
    }
    return thrown;
  }

  private synchronized Page pollStranded() {
    Page page = stranded;
    if (page != Page.NONE) {
      stranded = page.nextDetached;
    }
    return page;
  }

  long reservedBytes() {
    return reserved;
  }

  AllocatorStats snapshot(long liveBlocks, long liveBytes) {
    long frees = innerFrees; // before the mallocs, so that there are never more of them
    long reserved = this.reserved;
    return new AllocatorStats(liveBlocks, liveBytes, reserved, peakReserved, innerMallocs, frees);
  }
}
