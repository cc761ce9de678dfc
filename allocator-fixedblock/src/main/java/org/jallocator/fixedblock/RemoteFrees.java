package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The blocks of one page that were freed by threads that do not work on the page's heap, one bit
 * each. The thread that works on the heap collects them into the page's own bitmap.
 *
 * <p>What a remote free changes is one array, and of a small page one cache line or two: the words,
 * then a summary of them, then what {@link PagesToCollect} says of the page. The summary has a bit
 * for each word that may have one, so that a collector need not look at all words of a large page.
 * Whoever adds a block makes sure, before it returns, that the summary has the word, also if
 * another thread added the word's first block and is not that far yet.
 *
 * <p>Shared, never blocks. It has no lock: see {@link Heap} for the protocol. The collector's loads
 * are volatile: they must not come before its stores that say that a later free is to be announced
 * again.
 */
final class RemoteFrees {

  /** What {@link #add} did. */
  enum Added {
    /** The block had been added already; nothing has changed. */
    ALREADY,
    /** The block is the first of its word. */
    FIRST_OF_WORD,
    /** The block is one more of its word. */
    ONE_MORE
  }

  private static final VarHandle BITS = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] words;

  /** Where the summary begins: after as many words. */
  private final int summary;

  /** The page below this set's one in its heap's list of pages with remote frees. */
  Page next;

  /**
   * Makes an empty set.
   *
   * @param page whose blocks they are
   * @param wordCount how many words of bits they take
   */
  RemoteFrees(Page page, int wordCount) {
    this.words = new long[wordCount + summaryWords(wordCount) + 1];
    this.summary = wordCount;
    this.next = page;
  }

  private static int summaryWords(int wordCount) {
    return (wordCount + Long.SIZE - 1) >>> 6;
  }

  /** {@return whether a block was added and is not collected} */
  boolean contains(int index) {
    return ((long) BITS.getOpaque(words, index >>> 6) >>> index & 1) != 0;
  }

  /** Adds a block. */
  Added add(int index) {
    long bit = 1L << index;
    int word = index >>> 6;
    long old = (long) BITS.getAndBitwiseOr(words, word, bit);
    if ((old & bit) != 0) {
      return Added.ALREADY;
    }
    int summaryWord = summary + (word >>> 6);
    if (((long) BITS.getVolatile(words, summaryWord) >>> word & 1) == 0) {
      BITS.getAndBitwiseOr(words, summaryWord, 1L << word);
    }
    return old == 0 ? Added.FIRST_OF_WORD : Added.ONE_MORE;
  }

  /** {@return how many words of the summary there are} */
  int summaryCount() {
    return summaryWords(summary);
  }

  /** Takes the bits of one word of the summary: which words may have blocks. */
  long takeSummary(int index) {
    return (long) BITS.getVolatile(words, summary + index) == 0
        ? 0
        : (long) BITS.getAndSet(words, summary + index, 0L);
  }

  /** {@return whether blocks of a word were added and are not collected} */
  boolean hasAny(int word) {
    return (long) BITS.getVolatile(words, word) != 0;
  }

  /** Takes all blocks of a word. */
  long take(int word) {
    return (long) BITS.getAndSet(words, word, 0L);
  }

  /** {@return how many blocks were added and are not collected} */
  long count() {
    long count = 0;
    for (int i = 0; i < summaryCount(); i++) {
      for (long left = (long) BITS.getOpaque(words, summary + i); left != 0; left &= left - 1) {
        int word = i << 6 | Long.numberOfTrailingZeros(left);
        count += Long.bitCount((long) BITS.getOpaque(words, word));
      }
    }
    return count;
  }

  /** {@return the round and state of the page: see {@link PagesToCollect}} */
  long state() {
    return (long) BITS.getVolatile(words, words.length - 1);
  }

  /** Changes the round and state of the page, if they are as expected. */
  boolean changeState(long expected, long state) {
    return BITS.compareAndSet(words, words.length - 1, expected, state);
  }
}
