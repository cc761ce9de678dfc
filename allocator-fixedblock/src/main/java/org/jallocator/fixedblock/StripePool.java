package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.BooleanSupplier;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * One size class of one stripe: a confined pool, the lock of one word that makes whoever holds it
 * alone with it, and a list of those of its pages that others gave blocks back to without it.
 *
 * <p>The lock's word says what its holder does, so that a racing free of the same block can tell:
 *
 * <pre>
 *   NOBODY       not held
 *   TAKING       held, and no block is freed
 *   an address   held to free that block
 * </pre>
 *
 * <p>It is held for a few instructions, or while the pool folds, and never while another allocator
 * is called. Whoever waits for it spins, and yields now and then; nobody is parked. Not reentrant.
 *
 * <p>The word in hand is written to its page, too, before the lock is given up: see {@link #show}.
 *
 * <p>Pools do not share cache lines: each ends in more bytes than a line and the one that is
 * prefetched with it have.
 */
sealed class StripePool extends BlockPool {

  private static final long NOBODY = 0;

  /** No block's address, most likely; a free of a block that has it waits a little longer. */
  private static final long TAKING = -1;

  /** Looks among what others gave before it is folded in. */
  private static final int LOOKS = 64;

  private static final VarHandle HOLDER;
  private static final VarHandle TOUCHED;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HOLDER = lookup.findVarHandle(BlockPool.class, "holder", long.class);
      TOUCHED = lookup.findVarHandle(StripePool.class, "touched", SharedPage.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Whether the allocator is closed, its locks taken for good. */
  private final BooleanSupplier closed;

  /** The index of the stripe. */
  final int stripe;

  /** How often a free looked among what others gave. */
  private int looks;

  /** The first of the pages to fold. */
  @SuppressWarnings("unused") // read and written through TOUCHED
  private @Nullable SharedPage touched;

  private StripePool(String layer, BooleanSupplier closed, int stripe, PageLayout... layouts) {
    super(layer, layouts);
    this.closed = closed;
    this.stripe = stripe;
  }

  /**
   * {@return a pool without pages}
   *
   * @param closed whether the allocator is, its locks taken for good
   */
  static StripePool of(String layer, BooleanSupplier closed, int stripe, PageLayout... layouts) {
    return new Padded(layer, closed, stripe, layouts);
  }

  /** Fields of a subclass lie behind those of its superclass. */
  @SuppressWarnings("unused") // they are there, that is all
  private static final class Padded extends StripePool {

    long pad0;
    long pad1;
    long pad2;
    long pad3;
    long pad4;
    long pad5;
    long pad6;
    long pad7;
    long pad8;
    long pad9;
    long pad10;
    long pad11;
    long pad12;
    long pad13;
    long pad14;
    long pad15;

    private Padded(String layer, BooleanSupplier closed, int stripe, PageLayout... layouts) {
      super(layer, closed, stripe, layouts);
    }
  }

  boolean tryLock() {
    return HOLDER.compareAndSet(this, NOBODY, TAKING);
  }

  /** Locks to free the block at an address. */
  boolean tryLockToFree(long address) {
    return HOLDER.compareAndSet(this, NOBODY, address);
  }

  /**
   * Waits for the lock.
   *
   * @return false, without it, iff the allocator is closed
   */
  boolean lock() {
    for (int spins = 1; !tryLock(); spins++) {
      if (closed.getAsBoolean()) {
        return false;
      }
      SpinLock.pause(spins);
    }
    return true;
  }

  void unlock() {
    HOLDER.setRelease(this, NOBODY);
  }

  /**
   * Locks and gives a block of the word in hand back, if that takes no more than setting its bit.
   *
   * <p>Which block it is, is found before the lock is taken: what is read behind it waits for it.
   *
   * @return false, and nothing has changed, where it does, or there is no such block, or the lock
   *     is taken
   */
  boolean tryGiveToHand(long address) {
    long base = handBase();
    long index = index(address, base);
    if (index < 0 || index >= handBlocks() || !tryLockToFree(address)) {
      return false;
    }
    boolean given =
        base == handBase()
            && (nothingGiven() || isLiveInHand((int) index))
            && giveToHandWord(1L << index);
    if (given) {
      show();
    }
    unlock();
    return given;
  }

  /** Waits while the lock is held to free the block at an address. */
  void awaitFree(long address) {
    for (int spins = 1; (long) HOLDER.getVolatile(this) == address; spins++) {
      SpinLock.pause(spins);
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

  // What follows is for the holder of the lock, who shows what it did to the word in hand.

  /** {@return a block of the word in hand, or NULL iff that has none} */
  long takeOfHand() {
    long address = take();
    if (address != Allocator.NULL) {
      show();
    }
    return address;
  }

  /** {@return a block, wherever in this pool one is free; NULL where none is} */
  long takeAny() {
    long address = takeOfHand();
    return address == Allocator.NULL ? takeFolded() : address;
  }

  private long takeFolded() {
    if (handPage() instanceof SharedPage page) {
      page.foldHand();
      long address = takeOfHand();
      if (address != Allocator.NULL) {
        return address;
      }
    }
    fold();
    long address = takeOfHand();
    return address == Allocator.NULL && refill() ? takeOfHand() : address;
  }

  /**
   * Gives a block of a page back, if that takes no more than setting its bit and counting.
   *
   * @return false, and nothing has changed, where it does, or there is no such block
   */
  boolean giveBackToPage(SharedPage page, int index) {
    if ((nothingGiven() || !page.isGiven(index)) && giveToPage(page, index)) {
      showIfInHand(page, index);
      return true;
    }
    return false;
  }

  /** As {@link #show}, if a block is of the word in hand. */
  void showIfInHand(Page page, int index) {
    if (index >>> 6 == page.handWord) {
      show();
    }
  }

  /**
   * {@return whether a block of the word in hand was not given back by others} Every so often what
   * they gave is folded in: who mallocs and frees, and never runs out, would find something there
   * for ever.
   */
  private boolean isLiveInHand(int index) {
    if (++looks % LOOKS == 0) {
      fold();
    }
    return !((SharedPage) handPage()).isGiven(handPage().handWord << 6 | index);
  }

  private boolean nothingGiven() {
    return TOUCHED.getVolatile(this) == null;
  }

  /** Moves into the pages what other threads gave back. */
  void fold() {
    if (nothingGiven()) {
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
}
