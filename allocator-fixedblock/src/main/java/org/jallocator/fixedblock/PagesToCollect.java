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
   * What {@link RemoteFrees#state} may be, modulo {@link #ROUND}; collecting the page begins the
   * next round, so that a thread that was stopped in an earlier one cannot mistake it for its own.
   */
  private static final int NOT_QUEUED = 0;

  private static final int ABOUT_TO_BE = 1;
  private static final int QUEUED_UP = 2;
  private static final int ROUND = 4;

  private static final VarHandle REMOTE_HEAD;

  static {
    try {
      REMOTE_HEAD =
          MethodHandles.lookup().findVarHandle(PagesToCollect.class, "remoteHead", Page.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The pages, linked; {@link Page#NONE} is the end. */
  Page remoteHead = Page.NONE;

  /** Returns when the page is in the list, or was collected. */
  final void enqueue(Page page) {
    RemoteFrees remote = page.remote;
    for (int tries = 0; ; tries++) {
      long found = remote.state();
      long state = found & (ROUND - 1);
      if (state == QUEUED_UP) {
        return;
      }
      if (state == NOT_QUEUED && remote.changeState(found, found + ABOUT_TO_BE)) {
        push(page);
        boolean unused = remote.changeState(found + ABOUT_TO_BE, found + QUEUED_UP);
        return;
      }
      Waiting.pause(tries); // another thread is about to put it there
    }
  }

  private void push(Page page) {
    Page head;
    do {
      head = (Page) REMOTE_HEAD.getVolatile(this);
      page.remote.next = head;
    } while (!REMOTE_HEAD.compareAndSet(this, head, page));
  }

  /** {@return whether pages are in the list} May be asked by any thread. */
  final boolean hasRemote() {
    return (Page) REMOTE_HEAD.getOpaque(this) != Page.NONE;
  }

  /** Takes all pages, linked by {@link RemoteFrees#next}; {@link Page#NONE} is the end. */
  final Page takeAll() {
    return (Page) REMOTE_HEAD.getAndSet(this, Page.NONE);
  }

  /** Lets a page that was taken enter the list again. */
  static void startRound(Page page) {
    RemoteFrees remote = page.remote;
    long found;
    do {
      found = remote.state();
    } while (!remote.changeState(found, (found | (ROUND - 1)) + 1));
  }
}
