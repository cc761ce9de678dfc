package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * A set of small integers that finds its least and its greatest member in a few steps.
 *
 * <p>The bits themselves are the words of level 0. One bit of the level above says whether a word
 * is non-zero, and so on up to a single word, the root, which is never of level 0. All levels lie
 * in one array, level 0 first, so that a bit is found without knowing the shape:
 *
 * <pre>
 *   words:  [ level 0: n/64 words | level 1: n/64² words | … | root ]
 * </pre>
 *
 * <p>Invariant: bit i of level k+1 is set iff word i of level k is non-zero; of level 1 of a {@link
 * Page} the comment there says more. Setting or clearing a bit touches one word unless that word
 * began or ended as zero; every operation is O(log₆₄ n), four steps for 2²⁴ members.
 */
final class BitTree {

  /** The words, for a thread that reads them while another one writes. */
  static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  /** The levels' words, level 0 first. */
  final long[] words;

  /** Where each level begins in {@link #words}; shared by all trees of one shape. */
  private final int[] levels;

  /**
   * Makes an empty set.
   *
   * @param levels the shape, of {@link #levels}
   */
  BitTree(int[] levels) {
    this.levels = levels;
    this.words = new long[levels[levels.length - 1] + 1];
  }

  /** {@return where each level of a tree of {@code bits} members begins; the last is the root} */
  static int[] levels(int bits) {
    int[] levels = new int[7];
    int depth = 1;
    int count = bits;
    do {
      count = wordsFor(count);
      levels[depth] = levels[depth - 1] + count;
      depth++;
    } while (count > Long.SIZE);
    return Arrays.copyOf(levels, depth);
  }

  private static int wordsFor(int bits) {
    return (bits + Long.SIZE - 1) >>> 6;
  }

  /** {@return a word whose lowest {@code count} bits are set} */
  static long lowBits(int count) {
    return count >= Long.SIZE ? -1L : (1L << count) - 1;
  }

  /** Adds all members below {@code bits}. */
  void fill(int bits) {
    int count = bits;
    for (int start : levels) {
      int full = count >>> 6;
      Arrays.fill(words, start, start + full, -1L);
      if ((count & 63) != 0) {
        words[start + full] = lowBits(count & 63);
      }
      count = wordsFor(count);
    }
  }

  boolean isEmpty() {
    return words[words.length - 1] == 0;
  }

  boolean contains(int bit) {
    return (words[bit >>> 6] >>> bit & 1) != 0;
  }

  /** Adds a member. */
  void set(int bit) {
    int word = bit >>> 6;
    long old = words[word];
    words[word] = old | 1L << bit;
    if (old == 0) {
      raise(word);
    }
  }

  /** Removes a member. */
  void clear(int bit) {
    int word = bit >>> 6;
    long left = words[word] & ~(1L << bit);
    words[word] = left;
    if (left == 0) {
      lower(word);
    }
  }

  /**
   * Tells the levels above that a word of level 0 is no longer zero.
   *
   * @return whether the set was empty
   */
  boolean raise(int word) {
    return raise(1, word);
  }

  // A call a level and no loop: in the callers' loops a loop here would cost them their registers.
  private boolean raise(int level, int child) {
    if (level == levels.length) {
      return true;
    }
    int parent = levels[level] + (child >>> 6);
    long old = words[parent];
    words[parent] = old | 1L << child;
    return old == 0 && raise(level + 1, child >>> 6);
  }

  /** Tells the levels above that a word of level 0 has become zero. */
  void lower(int word) {
    lower(1, word);
  }

  private void lower(int level, int child) {
    if (level < levels.length) {
      int parent = levels[level] + (child >>> 6);
      long left = words[parent] & ~(1L << child);
      words[parent] = left;
      if (left == 0) {
        lower(level + 1, child >>> 6);
      }
    }
  }

  /**
   * {@return the index of the first word of level 0 that is not zero; the set must not be empty}
   */
  int lowestWord() {
    int child = 0;
    for (int level = levels.length - 1; level > 0; level--) {
      child = child << 6 | Long.numberOfTrailingZeros(words[levels[level] + child]);
    }
    return child;
  }

  /** {@return the least member; the set must not be empty} */
  int lowest() {
    int word = lowestWord();
    return word << 6 | Long.numberOfTrailingZeros(words[word]);
  }

  /** {@return the greatest member; the set must not be empty} */
  int highest() {
    int child = 0;
    for (int level = levels.length - 1; level >= 0; level--) {
      child = child << 6 | 63 - Long.numberOfLeadingZeros(words[levels[level] + child]);
    }
    return child;
  }
}
