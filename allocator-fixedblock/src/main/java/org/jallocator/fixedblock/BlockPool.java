package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;

/**
 * Blocks of one size, cut from pages. The core of every allocator in this module: confined ones
 * call it as it is, shared ones behind a lock. It trusts its caller to be alone and to ask for no
 * more than a block, and it makes no calls to the inner: pages are given to it and taken from it.
 *
 * <p>Book-keeping is one bit a block on the Java heap, 1 for free. The word that is being handed
 * out is in hand: where it lies is kept in fields here. Taking a block clears its lowest bit;
 * giving one back sets a bit in whatever page it is of, the one in hand or another, without asking
 * which. Only when the word in hand is empty are the levels above it told so, and another looked
 * for: lowest page first, so that old pages fill up and young ones drain.
 *
 * <p>Invariants:
 *
 * <pre>
 *   live = Σ page.live
 *   a page is in pages.available iff its tree is not empty
 *   a page is in pages.whole if page.live = 0 and, the page in hand aside, only if
 *   releaseAt = blocks / 4 where pages may go back, else -1
 * </pre>
 *
 * <p>Release: while more than one page is held and at least 3/4 of all blocks are free, pages
 * without a live block go back.
 */
class BlockPool {

  private static final long NO_RELEASE = -1;

  /**
   * The words of the page in hand, which of them is in hand, and the address of its first block.
   */
  private long[] handWords = Page.NONE.words;

  private int handWord;
  private long handBase;
  private Page handPage = Page.NONE;

  final long blockSize;
  private final int shift;
  private final boolean shiftOnly;

  /** How many blocks are in the hands of the user. */
  private long live;

  /** The count of live blocks from which on down a page may have to go back. */
  private long releaseAt = NO_RELEASE;

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
    this.layer = layer;
    this.layouts = layouts;
    this.blockSize = layouts[0].blockSize();
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
    long[] words = handWords;
    int index = handWord;
    long word = words[index];
    if (word == 0) {
      return Allocator.NULL;
    }
    words[index] = word & (word - 1);
    handPage.live++;
    live++;
    long block = Long.numberOfTrailingZeros(word);
    return handBase + (shiftOnly ? block << shift : block * blockSize);
  }

  /**
   * Takes another word in hand, the one in hand having no free block: once in 64 blocks.
   *
   * @return false iff no page has a free block: {@link #attach} one and refill again
   */
  final boolean refill() {
    retireHand();
    if (!pages.hasAvailable()) {
      return false;
    }
    Page page = pages.lowestAvailable();
    markUsed(page);
    handPage.handWord = -1;
    handPage = page;
    handWords = page.words;
    handWord = page.lowestWord();
    page.handWord = handWord;
    handBase = page.base + ((long) handWord << 6) * blockSize;
    return true;
  }

  /** Tells the levels above the word in hand that it is empty. */
  private void retireHand() {
    Page page = handPage;
    if (page == Page.NONE) {
      return;
    }
    markUsed(page);
    page.lower(handWord);
    if (page.isEmpty()) {
      pages.markExhausted(page);
    }
  }

  private void dropHand() {
    handPage.handWord = -1;
    handPage = Page.NONE;
    handWords = Page.NONE.words;
    handWord = 0;
    handBase = 0;
  }

  /**
   * Gives a block back to its page; O(1).
   *
   * @return whether a page may have to go back: {@link #detach} it
   */
  final boolean give(Page page, int index, long address) {
    int word = index >>> 6;
    long bit = 1L << index;
    long[] words = page.words;
    long free = words[word];
    if ((free & bit) != 0) {
      throw doubleFree(address);
    }
    words[word] = free | bit;
    if (free == 0 && page.raise(word)) {
      pages.markAvailable(page);
    }
    live--;
    if (--page.live == page.floor) {
      reachFloor(page);
    }
    return live <= releaseAt;
  }

  /** Gives the blocks {@code freed} of a word back, none of which is free. */
  final void giveWord(Page page, int word, long freed) {
    long[] words = page.words;
    long free = words[word];
    words[word] = free | freed;
    if (free == 0 && page.raise(word)) {
      pages.markAvailable(page);
    }
    int count = Long.bitCount(freed);
    live -= count;
    page.live -= count;
    if (page.live == page.floor) {
      reachFloor(page);
    }
  }

  /**
   * Notes that a page has no live block, for good or, where it is in hand, perhaps for a moment.
   */
  private void reachFloor(Page page) {
    pages.markWhole(page);
    if (page == handPage) {
      page.floor = -1; // a temporary block after the other must not come here each time
    }
    arm();
  }

  private void markUsed(Page page) {
    pages.markUsed(page);
    page.floor = 0;
    arm();
  }

  private void arm() {
    releaseAt = pages.count() > 1 && pages.hasWhole() ? blocks >>> 2 : NO_RELEASE;
  }

  /**
   * {@return a page that by the rule goes back and is no longer held; {@link Page#NONE} if none}
   */
  final Page detach() {
    while (live <= releaseAt) {
      Page page = pages.highestWhole();
      if (page.live == 0) {
        remove(page);
        return page;
      }
      markUsed(page);
    }
    return Page.NONE;
  }

  /** {@return a page without a live block, no longer held; {@link Page#NONE} if there is none} */
  final Page detachWhole() {
    while (pages.hasWhole()) {
      Page page = pages.highestWhole();
      if (page.live == 0) {
        remove(page);
        return page;
      }
      markUsed(page);
    }
    return Page.NONE;
  }

  private void remove(Page page) {
    if (page == handPage) {
      dropHand();
    }
    pages.remove(page);
    blocks -= page.blocks;
    arm();
  }

  /** Makes room for one more page. */
  final void reserve() {
    pages.reserve();
  }

  /** Adds a page whose blocks are all free. */
  final void attach(Page page) {
    pages.reserve();
    page.floor = 0;
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

  private InvalidFreeException doubleFree(long address) {
    return new InvalidFreeException(Reason.DOUBLE_FREE, layer, address);
  }

  /** {@return how many blocks are in the hands of the user} */
  final long live() {
    return live;
  }

  /** {@return whether no page is held} */
  final boolean isEmpty() {
    return pages.count() == 0;
  }

  /** {@return how many slots for pages there are, vacant ones included} */
  final int slots() {
    return pages.slots();
  }

  /** {@return the page of a slot, or {@link Page#NONE}} */
  final Page page(int slot) {
    return pages.at(slot);
  }

  /** Writes the addresses of live blocks into {@code found}, from {@code count} on. */
  final int listLive(long[] found, int count) {
    return pages.listLive(found, count, blockSize);
  }
}
