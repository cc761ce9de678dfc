package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A page whose blocks any thread gives back at any time, without a lock.
 *
 * <p>Who holds the stripe's lock takes blocks, by clearing bits of this set, and folds: moves what
 * was given back into this set. Everyone else may only flip bits of a second bitmap. For each block
 *
 * <pre>
 *   free here      its bit in words is set                          written under the lock
 *   given back     its bits in flipped and in folded differ         flipped by a free, folded by
 *                                                                   a fold, under the lock
 *   live           neither
 * </pre>
 *
 * <p>A free reads flipped, then folded, then words; finds the block live; and flips its bit by a
 * compare-and-set on the word that it read. A fold writes words first and folded last. So, whatever
 * it runs beside, a free that finds the block live and succeeds has found it so at the moment of
 * its success: of racing frees of one block one wins, and all others find it free. (Were the bit
 * cleared by the fold, and not flipped back by the block's next free, a slow second free could not
 * tell before from after.) Only a second free that sleeps between reading and flipping, while its
 * block is freed, handed out and freed again, mistakes it: it flips the bit back, both frees
 * succeed, and the block counts as live from then on, for closing to report.
 *
 * <p>Which words to fold, {@code touched} tells, a bit a word; which pages, the list that pages are
 * put on when first touched.
 */
final class SharedPage extends Page {

  /** What a free has come to. */
  enum Outcome {
    /** The block is given back. */
    FREED,
    /** The block is given back, and all of its word are free, which is not in hand. */
    EMPTIED,
    /** The block was free. */
    DOUBLE_FREE
  }

  private static final VarHandle LONG = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle LISTED = listedHandle();

  final StripePool pool;

  /** For word w, flipped at 2w and folded at 2w + 1. */
  private final long[] flips;

  private final long[] touched;

  /** Whether this page is on the list of touched pages, or about to be. */
  @SuppressWarnings("unused") // read and written through LISTED
  private boolean listed;

  /** The next on that list; of the list's reader until it clears {@link #listed}. */
  @Nullable SharedPage next;

  SharedPage(PageLayout layout, StripePool pool) {
    super(layout);
    int count = (layout.blocks() + Long.SIZE - 1) >>> 6;
    this.pool = pool;
    this.flips = new long[Math.multiplyExact(2, count)];
    this.touched = new long[(count + Long.SIZE - 1) >>> 6];
  }

  private static VarHandle listedHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(SharedPage.class, "listed", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** {@return whether a block is in the hands of the user} */
  boolean isLive(int index) {
    int word = index >>> 6;
    long flipped = (long) LONG.getVolatile(flips, word << 1);
    long folded = (long) LONG.getAcquire(flips, word << 1 | 1);
    long free = (long) LONG.getOpaque(words, word) | (flipped ^ folded);
    return (free >>> index & 1) == 0;
  }

  /** Gives a block back, from any thread. */
  Outcome free(int index) {
    int word = index >>> 6;
    long bit = 1L << index;
    long[] flips = this.flips;
    long flipped;
    long free;
    do {
      flipped = (long) LONG.getVolatile(flips, word << 1);
      long folded = (long) LONG.getAcquire(flips, word << 1 | 1);
      free = (long) LONG.getOpaque(words, word) | (flipped ^ folded);
      if ((free & bit) != 0) {
        return Outcome.DOUBLE_FREE;
      }
    } while (!LONG.compareAndSet(flips, word << 1, flipped, flipped ^ bit));
    touch(word);
    return (free | bit) == allOf(word) && word != handWord ? Outcome.EMPTIED : Outcome.FREED;
  }

  private void touch(int word) {
    long bit = 1L << word;
    if (((long) LONG.getVolatile(touched, word >>> 6) & bit) == 0) {
      LONG.getAndBitwiseOr(touched, word >>> 6, bit);
      if (!(boolean) LISTED.getVolatile(this) && !(boolean) LISTED.getAndSet(this, true)) {
        pool.list(this);
      }
    }
  }

  /** Moves what was given back into this set. For the holder of the stripe's lock. */
  void fold() {
    LISTED.setVolatile(this, false);
    foldTouched();
  }

  /** As {@link #fold}, for a page that stays on the list if it is on it. */
  void foldTouched() {
    for (int i = 0; i < touched.length; i++) {
      if ((long) LONG.getVolatile(touched, i) != 0) {
        long words = (long) LONG.getAndSet(touched, i, 0L);
        for (; words != 0; words &= words - 1) {
          foldWord(i << 6 | Long.numberOfTrailingZeros(words));
        }
      }
    }
  }

  /** As {@link #fold}, of the word in hand alone. */
  void foldHand() {
    foldWord(handWord);
  }

  private void foldWord(int word) {
    long flipped = (long) LONG.getVolatile(flips, word << 1);
    long freed = (flipped ^ flips[word << 1 | 1]) & ~words[word];
    if (freed != 0) {
      pool.giveWord(this, word, freed);
    }
    LONG.setRelease(flips, word << 1 | 1, flipped);
  }
}
