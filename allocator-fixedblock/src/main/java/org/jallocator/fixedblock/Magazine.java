package org.jallocator.fixedblock;

import org.jallocator.Allocator;

/**
 * What a pool hands out in place of an active word while its free blocks are scattered, few to a
 * word: a stack of some of them, the one that was freed last on top.
 *
 * <p>A program that replaces its blocks at random, such as a cache, leaves one free block here and
 * two there. If the lowest word were made active each time, it would last for a malloc or two, and
 * the next free would be the first one of its word: almost every call would be a slow one. With the
 * magazine, the next malloc takes the block that was freed before, which most likely is still in
 * the processor's cache.
 *
 * <p>The magazine is no book. The free bits are those of the pages, and an entry is checked against
 * them when its turn comes: its page may have gone, or an own and a remote free of the block raced.
 * So nothing but malloc and free knows of the magazine. A free block that is not in it is found by
 * its bit when it is filled again, from the lowest words up.
 *
 * <p>Invariants:
 *
 * <pre>
 *   no word is active   if scattered
 *   loaded = 0          if not scattered
 * </pre>
 *
 * <p>After the magazines of J. Bonwick and J. Adams, "Magazines and Vmem" (2001), which own their
 * blocks.
 */
abstract class Magazine extends ActiveWord {

  /** How many entries it holds. */
  private static final int CAPACITY = 64;

  /** How many are loaded at once: the rest is room for frees. */
  private static final int LOAD = CAPACITY / 2;

  /** How many words are looked at for these. */
  private static final int MOST_WORDS = 64;

  /** As how many of them the way to another page counts. */
  private static final int WORDS_FOR_A_PAGE = 4;

  /** A word with more free blocks than this is made active. */
  private static final int FEW = 16;

  /** With fewer live blocks than this, the next word is near, and its active bits are cheaper. */
  private static final int MANY_LIVE = 128;

  private static final long[] NO_ROOM = {};

  final PageSet pages = new PageSet();

  /** The sum of the pages' blocks. */
  long blocks;

  /** The entries: the page's slot, and the block's index in it. */
  private long[] magazine = NO_ROOM;

  /** How many entries there are. */
  private int loaded;

  /** Whether this is in use. */
  private boolean scattered;

  Magazine(PageLayout layout) {
    super(layout);
  }

  /**
   * Makes room, once, before a page is added with which this may come into use.
   *
   * @param blocks how many the page has
   */
  final void reserveMagazine(int blocks) {
    if (magazine == NO_ROOM && this.blocks + blocks >= MANY_LIVE) {
      magazine = new long[CAPACITY];
    }
  }

  /** {@return whether this is in use: no word is active then} */
  final boolean isScattered() {
    return scattered;
  }

  /**
   * Takes the block on top.
   *
   * @param remote whether there are remote frees: a block that has one was freed twice, and stays
   * @return NULL iff there is none
   */
  final long takeLoaded(boolean remote) {
    while (loaded > 0) {
      long entry = magazine[loaded - 1];
      Page page = pages.at((int) (entry >>> Integer.SIZE));
      int index = (int) entry;
      if (page.isFreeBesideLive(index) && !(remote && page.remote.contains(index))) {
        // No call from here on: a stack overflow cannot fall between these stores.
        long address = page.base + index * blockSize;
        loaded--;
        page.words[index >>> 6] ^= 1L << index;
        taken++;
        last = address; // others see by it that a thread works; freeLast refuses it: lastBit is 0
        return address;
      }
      loaded--;
    }
    return Allocator.NULL;
  }

  /**
   * Puts a block on top that is about to be freed, or has been, if this is in use. It goes out of
   * use if it is full, and most blocks are free: then the lowest words are to be handed out again,
   * so that pages of high slots drain.
   */
  final void load(Page page, int index) {
    if (!scattered) {
      return;
    }
    if (loaded < CAPACITY) {
      magazine[loaded++] = (long) page.slot << Integer.SIZE | index;
    } else if (!isMostlyLive()) {
      empty();
    }
  }

  private boolean isMostlyLive() {
    return 2 * taken >= blocks;
  }

  /**
   * {@return whether a word is to be handed out block by block, and not as the active one} No word
   * is active at the moment.
   */
  final boolean isFewOfMany(Page page, int word) {
    long free = page.words[word];
    return Long.bitCount(free) <= FEW
        && free != page.allFree(word)
        && taken >= MANY_LIVE
        && isMostlyLive()
        && magazine != NO_ROOM;
  }

  /** Puts this to use, with free blocks of the lowest words, of which one is given. */
  final void fill(Page lowest, int lowestWord) {
    scattered = true;
    loaded = 0;
    int words = 0;
    int word = lowestWord;
    for (int slot = lowest.slot; slot < pages.slots() && words < MOST_WORDS; slot++) {
      Page page = pages.at(slot);
      for (; word < page.wordCount && words < MOST_WORDS; word++) {
        loadFreeOf(page, word);
        words++;
      }
      word = 0;
      words += WORDS_FOR_A_PAGE;
    }
    turnOver(); // the lowest on top
  }

  private void turnOver() {
    for (int i = 0, j = loaded - 1; i < j; i++, j--) {
      long entry = magazine[i];
      magazine[i] = magazine[j];
      magazine[j] = entry;
    }
  }

  private void loadFreeOf(Page page, int word) {
    long free = page.words[word];
    if (free == page.allFree(word)) {
      return;
    }
    for (long left = free; left != 0 && loaded < LOAD; left &= left - 1) {
      load(page, word << 6 | Long.numberOfTrailingZeros(left));
    }
  }

  /** Ends its use. */
  final void empty() {
    scattered = false;
    loaded = 0;
  }
}
