package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;

/**
 * Blocks of one size, cut from pages. The core of every allocator in this module: confined ones
 * call it as it is, shared ones behind a lock. It trusts its caller to be alone and to ask for no
 * more than a block, and it makes no calls to the inner: pages are given to it and taken from it.
 *
 * <p>Book-keeping is one bit a block on the Java heap, 1 for free. The 64 bits that are being
 * handed out are in hand: which word of which page that is, and the address of its first block,
 * stand in fields. Taking a block clears the lowest bit and giving one back sets its bit; beside
 * that, the live blocks are counted. All else waits until a word that is not in hand has its first
 * bit set or its last.
 *
 * <p>Invariants:
 *
 * <pre>
 *   a page is in pages.available iff a word of it is free in part, the word in hand aside
 *   a page is in pages.whole iff all its words are full, and none is in hand
 * </pre>
 *
 * <p>Release: while more than one page is held and at least 3/4 of all blocks are free, pages
 * without a live block go back. The free paths compare the count of live blocks with the one from
 * which down that can be true.
 */
class BlockPool {

  /** Less than any count of live blocks where there is one. */
  private static final long NEVER = 0;

  /** How many blocks the word in hand has, live ones included. */
  private int handBlocks;

  /** Of {@link StripePool} alone: here it shares a cache line with the word in hand. */
  long holder;

  /** The free blocks of the word in hand, and the address of its first block. */
  private long word;

  private long handBase;

  final long blockSize;

  /** How many blocks are in the hands of the user. */
  private long live;

  /** How few of them may let a page go back. */
  private long liveTrigger = NEVER;

  /** A block's bytes are {@code odd << shift}, and this is the inverse of odd modulo 2⁶⁴. */
  private final long inverse;

  private final int shift;
  private final boolean shiftOnly;

  /** The index of this pool among its core's. */
  final int sizeClass;

  private Page handPage;

  /** Where the word in hand stands in its page. */
  private long[] handWords;

  private int handIndex;
  private final String layer;
  private final PageLayout[] layouts;
  private final PageSet pages = new PageSet();
  private long blocks;

  /**
   * Makes a pool without pages.
   *
   * @param layouts of its pages, small ones first; the more it holds, the larger the next
   */
  BlockPool(String layer, PageLayout... layouts) {
    this(layer, Page.NONE, layouts);
  }

  /** Makes the pool of {@link Page#NONE}. */
  BlockPool(Page none) {
    this("", none, PageLayout.NONE);
  }

  private BlockPool(String layer, Page none, PageLayout... layouts) {
    this.layer = layer;
    this.layouts = layouts;
    this.handPage = none;
    this.handWords = none.words;
    this.sizeClass = layouts[0].sizeClass();
    this.blockSize = layouts[0].blockSize();
    this.inverse = layouts[0].inverse();
    this.shift = layouts[0].shift();
    this.shiftOnly = layouts[0].shiftOnly();
  }

  /**
   * Takes a block of the word in hand: a bit scan and a multiplication.
   *
   * @return its address, or NULL iff the word in hand has no free block: {@link #refill} and take
   *     again
   */
  final long take() {
    long word = this.word;
    if (word == 0) {
      return Allocator.NULL;
    }
    this.word = word & (word - 1);
    live++;
    long index = Long.numberOfTrailingZeros(word);
    return handBase + index * blockSize;
  }

  /**
   * Gives a block of the word in hand back, if that takes no more than setting its bit; O(1).
   *
   * @return false, and nothing has changed, where the block is none of that word, or free, or may
   *     let a page go back: {@link #give} knows
   */
  final boolean giveToHand(long address) {
    long index = index(address, handBase);
    return index >= 0 && index < handBlocks && giveToHandWord(1L << index);
  }

  /**
   * {@return the index of the block at an address in a word; negative, or the count of the word's
   * blocks or more, where none of it starts there}
   *
   * @param base where the word's first block begins
   */
  final long index(long address, long base) {
    long offset = address - base;
    return Long.rotateRight(shiftOnly ? offset : offset * inverse, shift);
  }

  /** {@return where a word's first block begins} */
  final long base(Page page, int word) {
    return page.base + ((long) word << 6) * blockSize;
  }

  final long handBase() {
    return handBase;
  }

  final int handBlocks() {
    return handBlocks;
  }

  /**
   * Gives a block back, if that takes no more than setting its bit; O(1).
   *
   * @return false, and nothing has changed, where the block is free, or its word's first to be so,
   *     or the last, or may let a page go back: {@link #give} knows
   */
  final boolean giveToPage(Page page, int index) {
    long bit = 1L << index;
    int word = index >>> 6;
    if (word == page.handWord) {
      return giveToHandWord(bit);
    }
    long[] words = page.words;
    long old = words[word];
    long free = old | bit;
    if ((old & bit) != 0 || old == 0 || free == page.fullWord(word) || live <= liveTrigger) {
      return false;
    }
    words[word] = free;
    live--;
    return true;
  }

  /** As {@link #giveToHand}, of the block that a bit stands for. */
  final boolean giveToHandWord(long bit) {
    long old = word;
    if ((old & bit) != 0 || live <= liveTrigger) {
      return false;
    }
    word = old | bit;
    live--;
    return true;
  }

  /** Keeps the books of a word that has its first free block, or its last, or both. */
  private void edge(Page page, int word, long old) {
    if (old == 0 && page.raise(word)) {
      pages.markAvailable(page);
    }
    if (page.isFull(word) && ++page.fullWords >= page.wordCount - 1) {
      if (page.fullWords == page.wordCount) {
        pages.markWhole(page);
      }
      arm();
    }
  }

  /**
   * Gives a block back; O(1).
   *
   * @return whether a page may have to go back: {@link #detach} it
   * @throws InvalidFreeException if the block is free
   */
  boolean give(Page page, int index, long address) {
    long bit = 1L << index;
    int word = index >>> 6;
    if (((word == page.handWord ? this.word : page.words[word]) & bit) != 0) {
      throw new InvalidFreeException(Reason.DOUBLE_FREE, layer, address);
    }
    giveWord(page, word, bit);
    return live < liveTrigger;
  }

  /** Gives blocks of a word back, all of which are live. */
  final void giveWord(Page page, int word, long freed) {
    live -= Long.bitCount(freed);
    if (word == page.handWord) {
      this.word |= freed;
      return;
    }
    long old = page.words[word];
    page.words[word] = old | freed;
    edge(page, word, old);
  }

  /** Takes into the books what the hot paths have not: see {@link LonePool}. */
  void settle() {}

  /**
   * Lets some blocks be given back without being counted until {@link #giveAllowed}.
   *
   * @return false, and nothing has changed, where that may let a page go back
   */
  final boolean allowFor(int count) {
    if (live <= liveTrigger + count) {
      return false;
    }
    liveTrigger += count;
    return true;
  }

  /** As {@link #giveWord}, of blocks that were allowed for. */
  final void giveAllowed(Page page, int word, long freed) {
    if (freed != 0) {
      giveWord(page, word, freed);
    }
    arm();
  }

  /**
   * Takes another word in hand, the one in hand having no free block: once in 64 blocks.
   *
   * @return false iff no page has a free block: {@link #attach} one and refill again
   */
  final boolean refill() {
    if (!pages.hasAvailable()) {
      return false;
    }
    dropHand();
    Page page = pages.lowestAvailable();
    int word = page.lowestWord();
    page.lower(word);
    if (page.isEmpty()) {
      pages.markExhausted(page);
    }
    if (page.isFull(word) && page.fullWords-- == page.wordCount) {
      pages.markUsed(page);
    }
    page.handWord = word;
    handPage = page;
    handWords = page.words;
    handIndex = word;
    this.word = page.words[word];
    handBase = base(page, word);
    handBlocks = Math.min(Long.SIZE, page.blocks - (word << 6));
    arm();
    return true;
  }

  /** Has no word in hand any more. */
  private void dropHand() {
    Page page = handPage;
    if (page == Page.NONE) {
      return;
    }
    int word = page.handWord;
    page.handWord = Page.NO_WORD;
    handPage = Page.NONE;
    handBase = 0;
    handBlocks = 0;
    page.words[word] = this.word;
    this.word = 0;
    if (page.words[word] != 0) {
      edge(page, word, 0);
    }
  }

  /** Sets the count of the free paths, after any change of the pages or of the hand. */
  private void arm() {
    if (pages.count() <= 1) {
      liveTrigger = NEVER;
    } else if (pages.hasWhole()) {
      liveTrigger = releasableTo() + 1;
    } else if (handMayFill()) {
      // Frees of other pages let the word in hand be full at less: then this is set again.
      liveTrigger = Math.min(releasableTo(), live - (handBlocks - Long.bitCount(word))) + 1;
    } else {
      liveTrigger = NEVER;
    }
  }

  /** {@return whether the word in hand has the only live blocks of its page} */
  private boolean handMayFill() {
    return handPage.fullWords == handPage.wordCount - 1 && handPage != Page.NONE;
  }

  /** {@return the count of live blocks down from which pages go back: a quarter, rounded down} */
  private long releasableTo() {
    return blocks >>> 2;
  }

  private boolean mayRelease() {
    return pages.count() > 1 && live <= releasableTo();
  }

  /**
   * {@return a page that by the rule goes back and is no longer held; {@link Page#NONE} if none}
   */
  final Page detach() {
    if (mayRelease() && handMayFill() && word == handPage.fullWord(handPage.handWord)) {
      dropHand();
    }
    Page page = mayRelease() && pages.hasWhole() ? removeWhole() : Page.NONE;
    arm();
    return page;
  }

  /** {@return a page without a live block, no longer held; {@link Page#NONE} if there is none} */
  final Page detachWhole() {
    dropHand();
    Page page = pages.hasWhole() ? removeWhole() : Page.NONE;
    arm();
    return page;
  }

  private Page removeWhole() {
    Page page = pages.highestWhole();
    pages.remove(page);
    blocks -= page.blocks;
    return page;
  }

  /** Makes room for one more page. */
  final void reserve() {
    pages.reserve();
  }

  /** Adds a page whose blocks are all free. */
  final void attach(Page page) {
    pages.reserve();
    pages.add(page);
    blocks += page.blocks;
    arm();
  }

  /** {@return how the next page is to be cut: an eighth of what is held, within limits} */
  final PageLayout nextLayout() {
    int next = 0;
    while (next < layouts.length - 1 && layouts[next].blocks() * 8L <= blocks) {
      next++;
    }
    return layouts[next];
  }

  /** {@return how many blocks are in the hands of the user} */
  final long live() {
    return live;
  }

  /**
   * Writes the addresses of live blocks into {@code found}, from {@code count} on.
   *
   * @return how many addresses there are then
   */
  final int listLive(long[] found, int count) {
    dropHand();
    arm();
    return pages.listLive(found, count, blockSize);
  }

  /** Writes the word in hand, which there must be, to its page for racing frees to see. */
  final void show() {
    handWords[handIndex] = word;
  }

  final boolean isLive(Page page, int index) {
    return index >>> 6 == page.handWord ? (word >>> index & 1) == 0 : !page.contains(index);
  }

  final Page handPage() {
    return handPage;
  }

  /** {@return how many slots for pages there are, vacant ones included} */
  final int slots() {
    return pages.slots();
  }

  /** {@return the page of a slot, or {@link Page#NONE}} */
  final Page page(int slot) {
    return pages.at(slot);
  }
}
