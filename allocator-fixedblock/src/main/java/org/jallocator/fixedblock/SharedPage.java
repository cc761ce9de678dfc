package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A page whose blocks any thread gives back at any time.
 *
 * <p>Who holds the pool's lock takes blocks and gives them back, by clearing and setting bits of
 * this set. A thread that does not hold it sets the block's bit in a second, atomic bitmap; the
 * holder folds that into this set when it next runs out. For each block
 *
 * <pre>
 *   free here      its bit in words is set     written under the lock
 *   given          its bit in given is set     set without it, cleared under it by folding
 *   live           neither
 * </pre>
 *
 * <p>Of racing frees of one block one wins. Two without the lock meet in the same compare-and-set.
 * One with the lock says in the lock's word which block it frees, then looks whether that was
 * given; one without it sets the bit, then waits while the lock's word has its block, then looks
 * whether the block has become free meanwhile. So at least one of the two sees the other, and where
 * both do, {@link #hasLost} tells. A fold sets the bit in words before it clears the one in given,
 * and does not clear it where the block is free already.
 *
 * <p>Only a second free that sleeps while its block is freed and handed out again is taken for the
 * new owner's, as everywhere.
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

  /** The same pool as {@link Page#pool}. */
  final StripePool owner;

  private final long[] given;
  private final long[] touched;

  /** Whether this page is on the list of touched pages, or about to be. */
  @SuppressWarnings("unused") // read and written through LISTED
  private boolean listed;

  /** The next on that list; of the list's reader until it clears {@link #listed}. */
  @Nullable SharedPage next;

  SharedPage(PageLayout layout, StripePool owner) {
    super(layout, owner);
    int count = (layout.blocks() + Long.SIZE - 1) >>> 6;
    this.owner = owner;
    this.given = new long[count];
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
    long given = (long) LONG.getVolatile(this.given, word);
    return ((given | (long) LONG.getOpaque(words, word)) >>> index & 1) == 0;
  }

  /** {@return whether a block was given back and is not folded} */
  boolean isGiven(int index) {
    return ((long) LONG.getVolatile(given, index >>> 6) >>> index & 1) != 0;
  }

  /** Gives a block back without the lock. */
  Outcome give(int index, long address) {
    int word = index >>> 6;
    long bit = 1L << index;
    long old;
    do {
      old = (long) LONG.getVolatile(given, word);
      if (((old | (long) LONG.getOpaque(words, word)) & bit) != 0) {
        return Outcome.DOUBLE_FREE;
      }
    } while (!LONG.compareAndSet(given, word, old, old | bit));
    touch(word);
    owner.awaitFree(address);
    long free = (long) LONG.getVolatile(words, word);
    if ((free & bit) != 0 && hasLost(word, bit)) {
      return Outcome.DOUBLE_FREE;
    }
    return (free | old | bit) == fullWord(word) && word != handWord
        ? Outcome.EMPTIED
        : Outcome.FREED;
  }

  /**
   * {@return whether a block that is given and free here was free before it was given} If not, a
   * fold made it free.
   */
  private boolean hasLost(int word, long bit) {
    boolean locked = owner.lock();
    long both = (long) LONG.getVolatile(given, word) & (long) LONG.getVolatile(words, word) & bit;
    if (both != 0) {
      LONG.getAndBitwiseAnd(given, word, ~bit);
    }
    if (locked) {
      owner.unlock();
    }
    return both != 0;
  }

  private void touch(int word) {
    long bit = 1L << word;
    if (((long) LONG.getVolatile(touched, word >>> 6) & bit) == 0) {
      LONG.getAndBitwiseOr(touched, word >>> 6, bit);
    }
    if (!(boolean) LISTED.getVolatile(this) && !(boolean) LISTED.getAndSet(this, true)) {
      owner.list(this);
    }
  }

  /** Moves what was given back into this set. For the holder of the pool's lock. */
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
    long freed = (long) LONG.getVolatile(given, word) & ~words[word];
    if (freed != 0) {
      owner.giveWord(this, word, freed);
      owner.showIfInHand(this, word << 6);
      LONG.getAndBitwiseAnd(given, word, ~freed);
    }
  }
}
