package org.jallocator.fixedblock;

import org.jallocator.Allocator;

/**
 * A part of a shared allocator: a confined core, one pool a size class, and the lock that makes
 * whoever holds it alone with it.
 *
 * <p>Stripes do not share cache lines: each ends in more bytes than a line and the one that is
 * prefetched with it have.
 */
final class Stripe extends SpinLock {

  final StripePool[] pools;

  /** The class last taken of. */
  private int recentClass;

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

  Stripe(String layer, PageLayout[][] layouts) {
    pools = new StripePool[layouts.length];
    for (int i = 0; i < layouts.length; i++) {
      pools[i] = new StripePool(layer, this, layouts[i]);
    }
  }

  /** Takes a block of the word in hand of a size class, if it is given a moment alone. */
  long tryTake(int sizeClass) {
    if (!tryLock()) {
      return Allocator.NULL;
    }
    try {
      recentClass = sizeClass;
      return pools[sizeClass].takeAny();
    } finally {
      unlock();
    }
  }

  /**
   * {@return the page that the last block was likely taken of, for any thread to look at first}
   *
   * <p>A free that finds its address there does not have to wait for the table.
   */
  Page recentPage() {
    return pools[recentClass].visibleHandPage();
  }
}
