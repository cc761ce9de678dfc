package org.jallocator.large;

import java.util.Arrays;
import org.jallocator.LeakException;
import org.jallocator.large.Stripe.State;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackRoom;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * The end of a large-block allocator. Close refuses all later calls, waits for the calls of the
 * inner that are in progress and gives back what is kept. A malloc that was in the inner meanwhile
 * leaves its block among the kept ones and gets the closed error. If the inner refuses a block, all
 * is open again.
 *
 * <p>Whether blocks are live, and what may be done from then on, is decided while all stripes are
 * locked. They are unlocked by stores, not by a call: a stack overflow cannot leave one locked.
 */
final class Closing {

  private static final String NAME = LargeBlockAllocator.NAME;

  /** What was live at one moment. */
  private static final class Live {

    private final long blocks;
    private final long bytes;
    private final long[] addresses;

    Live(long blocks, long bytes, long[] addresses) {
      this.blocks = blocks;
      this.bytes = bytes;
      this.addresses = addresses;
    }

    /** {@return what says so} Takes long: no stripe is locked. */
    LeakException leak() {
      return new LeakException(NAME, blocks, bytes, addresses);
    }
  }

  private final Stripes stripes;
  private final Stripe[] all;
  private final Reserved reserved;

  Closing(Stripes stripes, Reserved reserved) {
    this.stripes = stripes;
    this.all = stripes.all();
    this.reserved = reserved;
  }

  boolean isClosed() {
    Stripe any = all[0];
    any.lock();
    try {
      return any.state == State.CLOSED;
    } finally {
      any.locked = 0;
    }
  }

  /** {@return the addresses of live blocks, up to a limit} */
  long[] liveAddresses(long limit) {
    lockAll();
    try {
      return copyLive(limit);
    } finally {
      for (Stripe stripe : all) {
        stripe.locked = 0;
      }
    }
  }

  /**
   * Closes, or does nothing if this is closed. A second thread that closes waits for the first one.
   *
   * @param releases whether live blocks go back too, instead of keeping this open
   * @throws LeakException if blocks were live
   */
  void close(boolean releases) {
    // Else the state could stay CLOSING: to wait for a lock takes more than to take a free one.
    StackRoom.requireForStack();
    Thread caller = Thread.currentThread();
    for (int tries = 0; ; tries++) {
      Live live = null;
      lockAll();
      try {
        State state = all[0].state;
        if (state == State.CLOSED) {
          return;
        }
        if (state == State.OPEN) {
          live = releases ? null : live();
          if (live == null) {
            set(State.CLOSING, caller);
            break;
          }
        }
      } finally {
        for (Stripe stripe : all) {
          stripe.locked = 0;
        }
      }
      if (live != null) {
        throw AllocatorEvents.leaked(NAME, live.leak());
      }
      Waiting.pause(tries);
    }
    boolean closed = false;
    try {
      awaitCalls();
      closeAlone(releases);
      closed = true;
    } finally {
      lockAll();
      try {
        boolean emptied = releases && calls() == 0 && reserved.bytes == 0;
        set(closed || emptied ? State.CLOSED : State.OPEN, null);
      } finally {
        for (Stripe stripe : all) {
          stripe.locked = 0;
        }
      }
    }
  }

  /** Sets what may be done. All stripes are locked. */
  private void set(State state, @Nullable Thread closer) {
    for (Stripe stripe : all) {
      stripe.state = state;
      stripe.closer = closer;
    }
  }

  private void awaitCalls() {
    for (int tries = 0; ; tries++) {
      lockAll();
      try {
        if (calls() == 0) {
          return;
        }
      } finally {
        for (Stripe stripe : all) {
          stripe.locked = 0;
        }
      }
      Waiting.pause(tries);
    }
  }

  private long calls() {
    long sum = 0;
    for (Stripe stripe : all) {
      sum += stripe.calls;
    }
    return sum;
  }

  /** Gives everything back; no other call is in progress, and none can begin. */
  private void closeAlone(boolean releases) {
    Live live;
    lockAll();
    try {
      live = live();
    } finally {
      for (Stripe stripe : all) {
        stripe.locked = 0;
      }
    }
    LeakException leak = live == null ? null : live.leak();
    if (leak != null) {
      AllocatorEvents.leaked(NAME, leak);
      if (!releases) {
        throw leak; // the inner refused a block that was on its way to it
      }
    }
    try {
      giveAllBack();
    } catch (RuntimeException | Error e) {
      Failures.join(e, leak);
      throw e;
    }
    if (leak != null) {
      throw leak;
    }
  }

  /** As {@link Stripes#giveKeptBack}, and with the live blocks. */
  private void giveAllBack() {
    RuntimeException first = null;
    try {
      stripes.giveKeptBack();
    } catch (RuntimeException e) {
      first = e;
    }
    giveLiveBack(first);
  }

  private void giveLiveBack(@Nullable RuntimeException before) {
    RuntimeException first = before;
    for (Stripe stripe : all) {
      int slot = Books.NONE;
      while (true) {
        long address;
        stripe.lock();
        try {
          slot = stripe.books.firstLive(slot + 1);
          if (slot == Books.NONE) {
            break;
          }
          address = stripe.books.address[slot];
        } finally {
          stripe.locked = 0;
        }
        try {
          stripe.giveBack(slot, address, 0);
        } catch (RuntimeException e) {
          first = Failures.join(first, e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** {@return what is live, or null iff nothing is} All stripes are locked. */
  private @Nullable Live live() {
    long blocks = stripes.liveBlocks();
    return blocks == 0
        ? null
        : new Live(blocks, stripes.liveBytes(), copyLive(LeakException.MAX_ADDRESSES));
  }

  /** {@return the addresses of live blocks, up to a limit} All stripes are locked. */
  private long[] copyLive(long limit) {
    long[] live = new long[(int) Math.max(0, Math.min(limit, stripes.liveBlocks()))];
    int count = 0;
    for (Stripe stripe : all) {
      count = stripe.books.copyLive(live, count);
    }
    return count == live.length ? live : Arrays.copyOf(live, count);
  }

  /** Locks all stripes, in their order, or none if it throws. */
  private void lockAll() {
    int locked = 0;
    boolean done = false;
    try {
      while (locked < all.length) {
        all[locked].lock();
        locked++;
      }
      done = true;
    } finally {
      while (!done && locked > 0) {
        all[--locked].locked = 0;
      }
    }
  }
}
