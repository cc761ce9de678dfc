package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * One size class of one stripe: a pool, for the holder of the stripe's lock, and a list of those of
 * its pages that other threads gave blocks back to, for everyone.
 */
final class StripePool extends BlockPool {

  private static final VarHandle TOUCHED = touchedHandle();

  final Stripe stripe;

  /** The first of the pages to fold. */
  @SuppressWarnings("unused") // read and written through TOUCHED
  private @Nullable SharedPage touched;

  StripePool(String layer, Stripe stripe, PageLayout... layouts) {
    super(layer, layouts);
    this.stripe = stripe;
  }

  private static VarHandle touchedHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(StripePool.class, "touched", SharedPage.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Puts a page on the list of those to fold. For any thread. */
  void list(SharedPage page) {
    SharedPage first;
    do {
      first = (SharedPage) TOUCHED.getAcquire(this);
      page.next = first;
    } while (!TOUCHED.compareAndSet(this, first, page));
  }

  /** Moves into the pages what other threads gave back. */
  void fold() {
    if (TOUCHED.getOpaque(this) == null) {
      return;
    }
    SharedPage page = (SharedPage) TOUCHED.getAndSet(this, (SharedPage) null);
    while (page != null) {
      SharedPage next = page.next;
      page.fold();
      page = next;
    }
  }

  /**
   * Moves into the pages all that was given back by frees that have returned; O(pages).
   *
   * <p>{@link #fold} may miss some for a moment: where a free has set a word's bit and sleeps
   * before it lists the page, others that meet the bit return.
   */
  void foldAll() {
    for (int slot = 0; slot < slots(); slot++) {
      if (page(slot) instanceof SharedPage page) {
        page.foldTouched();
      }
    }
  }

  /** {@return a block, wherever in this pool one is free; NULL where none is} */
  long takeAny() {
    long address = takeVisibly();
    return address == Allocator.NULL ? takeFolded() : address;
  }

  private long takeFolded() {
    if (handPage() instanceof SharedPage page) {
      page.foldHand();
      long address = takeVisibly();
      if (address != Allocator.NULL) {
        return address;
      }
    }
    fold();
    long address = takeVisibly();
    return address == Allocator.NULL && refill() ? takeVisibly() : address;
  }
}
