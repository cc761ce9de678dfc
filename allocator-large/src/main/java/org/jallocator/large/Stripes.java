package org.jallocator.large;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jallocator.Allocator;
import org.jallocator.large.Stripe.State;
import org.jallocator.spi.Failures;
import org.jspecify.annotations.Nullable;

/**
 * The stripes of one allocator: which one a thread uses, and what concerns several at once.
 *
 * <p>A thread takes blocks from its home stripe and looks there first when it frees one. Homes are
 * dealt in turn, by the thread's number, and kept in a table without a lock: an entry that two
 * threads write at once, or that two threads share, costs time and nothing else. So does a subclass
 * of Thread that answers for its number what it likes. A block that another stripe keeps is moved
 * to the home of the thread that needs it: so each thread works on its own stripe after a while.
 *
 * <p><b>What may be kept.</b> The {@code retain} bytes of an allocator are divided among its
 * stripes: the sum of {@link Books#allowance} is {@code retain}, always. At first one stripe has
 * all. A stripe that has no room for a block borrows what another one does not use, and a block
 * goes back to the inner only if none has anything to lend.
 *
 * <p><b>Which block was unused longest.</b> Each stripe counts its own frees. Whenever a block has
 * to go back, all clocks are set to the latest one. So of two stripes' blocks the order is exact if
 * a block went back between their frees, and else by how many frees each stripe had since then.
 *
 * <p>Who holds the locks of several stripes takes them in the order of the array.
 */
final class Stripes {

  /** More than these would make a search for a block of another stripe long. */
  private static final int MAX_STRIPES = 8;

  private static final int HOMES = 256;

  private final Stripe[] all;

  /** By a thread's number: its home, counted from 1; 0: none yet. */
  private final byte[] homes = new byte[HOMES];

  /** How many homes were dealt. */
  private final AtomicInteger dealt = new AtomicInteger();

  /** How many blocks were moved, or are being moved. Written with two stripes locked. */
  private final AtomicLong moves = new AtomicLong();

  /**
   * Makes stripes without a block.
   *
   * @param lengths the bytes that a block of each class has for the user
   * @param padding bytes that each block has beyond its length
   * @param retain how many bytes may be kept in all
   * @param alignment what every address is a multiple of, in bytes
   */
  Stripes(
      int count,
      Allocator inner,
      Reserved reserved,
      long[] lengths,
      long padding,
      long retain,
      long alignment) {
    all = new Stripe[count];
    for (int i = 0; i < count; i++) {
      Books books = new Padded.PaddedBooks(lengths, padding, i == 0 ? retain : 0);
      all[i] = new Padded.PaddedStripe(inner, books, reserved, alignment);
    }
  }

  /** {@return how many stripes suit this machine: one for each processor, up to a limit} */
  static int countForThisMachine() {
    return Math.min(MAX_STRIPES, Runtime.getRuntime().availableProcessors());
  }

  /** {@return all stripes} Not to be changed. */
  Stripe[] all() {
    return all;
  }

  /** {@return the stripe of the calling thread} */
  @SuppressWarnings("deprecation") // threadId() came with JDK 19
  Stripe home() {
    int number = (int) Thread.currentThread().getId() & (HOMES - 1);
    int home = homes[number];
    return home != 0 ? all[home - 1] : deal(number);
  }

  private Stripe deal(int number) {
    int home = Math.floorMod(dealt.getAndIncrement(), all.length);
    homes[number] = (byte) (home + 1);
    return all[home];
  }

  /**
   * {@return a block that another stripe kept, which is live and of the home stripe now; NULL iff
   * there is none}
   */
  long takeElsewhere(Stripe home, long size) {
    for (Stripe stripe : all) {
      long address = stripe == home ? Allocator.NULL : move(stripe, home, size);
      if (address != Allocator.NULL) {
        return address;
      }
    }
    return Allocator.NULL;
  }

  private long move(Stripe from, Stripe to, long size) {
    lock(from, to);
    try {
      if (to.state != State.OPEN || !from.books.keeps(size)) {
        return Allocator.NULL;
      }
      moves.getAndIncrement();
      return from.books.moveTo(to.books, size);
    } finally {
      from.locked = 0;
      to.locked = 0;
    }
  }

  /**
   * {@return a number that is another one if a block was moved meanwhile} A search that finds a
   * block nowhere is right if this was the same before and after.
   */
  long moves() {
    return moves.get();
  }

  /**
   * Lets a stripe keep a live block that it has no room for, if others do not use what they may
   * keep: it borrows half of that, or as much as is needed.
   *
   * @param asked what the block was asked for with
   * @return whether the block was live until then, and is kept now
   */
  boolean keepByLoan(Stripe to, int slot, long address, long asked) {
    for (Stripe from : all) {
      if (from != to && keepByLoan(from, to, slot, address, asked)) {
        return true;
      }
    }
    return false;
  }

  /** Under both locks, so that no other thread borrows the room back before it is used. */
  private boolean keepByLoan(Stripe from, Stripe to, int slot, long address, long asked) {
    lock(from, to);
    try {
      Books books = to.books;
      if (to.state != State.OPEN || books.address[slot] != address || books.asked[slot] != asked) {
        return false;
      }
      long missing = books.bytes(asked) - (books.allowance - books.kept);
      if (missing > 0) {
        long unused = Math.max(0, from.books.allowance - from.books.kept);
        long lent = Math.min(unused, Math.max(missing, unused / 2));
        from.books.allowance -= lent;
        books.allowance += lent;
      }
      return books.keep(slot);
    } finally {
      from.locked = 0;
      to.locked = 0;
    }
  }

  /** Locks two stripes, in their order, or none if it throws. */
  private void lock(Stripe one, Stripe other) {
    boolean inOrder = isBefore(one, other);
    Stripe first = inOrder ? one : other;
    Stripe second = inOrder ? other : one;
    first.lock();
    boolean done = false;
    try {
      second.lock();
      done = true;
    } finally {
      if (!done) {
        first.locked = 0;
      }
    }
  }

  private boolean isBefore(Stripe one, Stripe other) {
    for (Stripe stripe : all) {
      if (stripe == one || stripe == other) {
        return stripe == one;
      }
    }
    throw new AssertionError("not in this allocator");
  }

  /** {@return the stripe of the block that was kept longest, or null iff none is kept} */
  @Nullable Stripe oldest() {
    long latest = 0;
    for (Stripe stripe : all) {
      stripe.lock();
      try {
        latest = Math.max(latest, stripe.books.clock);
      } finally {
        stripe.locked = 0;
      }
    }
    Stripe oldest = null;
    long since = Long.MAX_VALUE;
    for (Stripe stripe : all) {
      stripe.lock();
      try {
        Books books = stripe.books;
        books.clock = Math.max(books.clock, latest);
        int slot = books.oldest();
        if (slot != Books.NONE && books.since[slot] < since) {
          since = books.since[slot];
          oldest = stripe;
        }
      } finally {
        stripe.locked = 0;
      }
    }
    return oldest;
  }

  /** {@return how many blocks are live} Exact while all are locked. */
  long liveBlocks() {
    long sum = 0;
    for (Stripe stripe : all) {
      sum += stripe.books.liveBlocks();
    }
    return sum;
  }

  /** {@return the length of all live blocks, in bytes} Exact while all are locked. */
  long liveBytes() {
    long sum = 0;
    for (Stripe stripe : all) {
      sum += stripe.books.liveBytes();
    }
    return sum;
  }

  /**
   * Gives back what is kept now. If the inner throws, the rest still goes back, and its first
   * exception is thrown then; an Error is thrown at once, as the next call would most likely fail
   * as well and drop another block.
   */
  long giveKeptBack() {
    long sum = 0;
    RuntimeException first = null;
    for (Stripe stripe : all) {
      long until;
      stripe.lock();
      try {
        until = stripe.books.clock;
      } finally {
        stripe.locked = 0;
      }
      while (true) {
        try {
          long bytes = stripe.giveBack(Books.NONE, Allocator.NULL, until);
          if (bytes == 0) {
            break;
          }
          sum += bytes;
        } catch (RuntimeException e) {
          first = Failures.join(first, e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
    return sum;
  }
}
