package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.spi.Waiting;

/**
 * The pages of a heap that have remote frees, in a list that any thread adds to and whoever works
 * on the heap takes as a whole.
 *
 * <p>A page is in the list once. No thread goes on before the page that it adds is there, also if
 * another thread is about to add it; so a thread that works on the heap and finds the list empty
 * knows that no remote free has returned whose bit it does not see.
 *
 * <p>Shared, may block: adding waits for another thread that is about to add the same page.
 */
abstract class PagesToCollect extends FrontPadding {

  /**
   * What {@link Page#queued} may be, modulo {@link #ROUND}; collecting the page begins the next
   * round, so that a thread that was stopped in an earlier one cannot mistake it for its own.
   */
  private static final int NOT_QUEUED = 0;

  private static final int ABOUT_TO_BE = 1;
  private static final int QUEUED_UP = 2;
  private static final int ROUND = 4;

  private static final VarHandle REMOTE_HEAD;
  private static final VarHandle QUEUED;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      REMOTE_HEAD = lookup.findVarHandle(PagesToCollect.class, "remoteHead", Page.class);
      QUEUED = lookup.findVarHandle(Page.class, "queued", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The pages, linked; {@link Page#NONE} is the end. */
  Page remoteHead = Page.NONE;

  /** Returns when the page is in the list, or was collected. */
  final void enqueue(Page page) {
    for (int tries = 0; ; tries++) {
      int queued = (int) QUEUED.getVolatile(page);
      int state = queued & (ROUND - 1);
      if (state == QUEUED_UP) {
        return;
      }
      if (state == NOT_QUEUED && QUEUED.compareAndSet(page, queued, queued + ABOUT_TO_BE)) {
        push(page);
        QUEUED.compareAndSet(page, queued + ABOUT_TO_BE, queued + QUEUED_UP);
        return;
      }
      Waiting.pause(tries); // another thread is about to put it there
    }
  }

  private void push(Page page) {
    Page head;
    do {
      head = (Page) REMOTE_HEAD.getVolatile(this);
      page.nextRemote = head;
    } while (!REMOTE_HEAD.compareAndSet(this, head, page));
  }

  /** {@return whether pages are in the list} May be asked by any thread. */
  final boolean hasRemote() {
    return (Page) REMOTE_HEAD.getOpaque(this) != Page.NONE;
  }

  /** Takes all pages, linked by {@link Page#nextRemote}; {@link Page#NONE} is the end. */
  final Page takeAll() {
    return (Page) REMOTE_HEAD.getAndSet(this, Page.NONE);
  }

  /** Lets a page that was taken enter the list again. */
  static void startRound(Page page) {
    int queued;
    do {
      queued = (int) QUEUED.getVolatile(page);
    } while (!QUEUED.compareAndSet(page, queued, (queued | (ROUND - 1)) + 1));
  }
}
