package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;

/**
 * Blocks of one size, cut from pages. The core of every allocator in this module: confined ones
 * call it as it is, shared ones behind a lock. It trusts its caller to be alone and to ask for no
 * more than a block, and it makes no calls to the inner: pages are given to it and taken from it.
 *
 * <p>Book-keeping is one bit a block on the Java heap, 1 for free. The 64 bits that are being
 * handed out are in hand: kept in {@link #word}, with the address of their first block. Taking a
 * block clears the lowest bit; giving back a block of that word sets it again. Neither touches the
 * page, nor a counter. Every other block is given back to its page, and counted.
 *
 * <p>Invariants:
 *
 * <pre>
 *   live = blocks - free - bitCount(word)
 *   free = Σ page.free                      the word in hand aside, which no page counts
 *   a page is in pages.available iff a word of it is free in part, the word in hand aside
 *   a page is in pages.whole iff page.free = page.blocks
 * </pre>
 *
 * <p>Release: while more than one page is held and at least 3/4 of all blocks are free, pages
 * without a live block go back. The free paths compare one count each, of the word in hand or of
 * all other words, with the count from which on that can be true.
 */
class BlockPool {

  private static final VarHandle HAND_PAGE = handPageHandle();

  /** More free blocks than a word has. */
  private static final int NEVER = Long.SIZE + 1;

  /** The free blocks of the word in hand, and the address of its first block. */
  private long word;

  private long handBase;

  /** How many free blocks of the word in hand may let a page go back. */
  private int wordTrigger = NEVER;

  /** How many blocks the word in hand has, live ones included. */
  private int wordBlocks;

  final long blockSize;

  /** A block's bytes are {@code odd << shift}, and this is the inverse of odd modulo 2⁶⁴. */
  private final long inverse;

  private final int shift;
  private final boolean shiftOnly;

  /** How many blocks are free in all words but the one in hand. */
  private long free;

  /** How many of them may let a page go back. */
  private long freeTrigger = Long.MAX_VALUE;

  private Page handPage = Page.NONE;
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
    this.inverse = layouts[0].inverse();
    this.shift = layouts[0].shift();
    this.shiftOnly = layouts[0].shiftOnly();
  }

  private static VarHandle handPageHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(BlockPool.class, "handPage", Page.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
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
    long index = Long.numberOfTrailingZeros(word);
    return handBase + (shiftOnly ? index << shift : index * blockSize);
  }

  /**
   * {@return the index in the word in hand of the block at an address; negative or {@link
   * #wordBlocks()} or more where no block of that word starts there}
   */
  final long handIndex(long address) {
    long offset = address - handBase;
    return Long.rotateRight(shiftOnly ? offset : offset * inverse, shift);
  }

  final int wordBlocks() {
    return wordBlocks;
  }

  /**
   * Gives a block of the word in hand back; O(1).
   *
   * @return whether a page may have to go back: {@link #detach} it
   */
  final boolean giveToHand(long index, long address) {
    long bit = 1L << index;
    long word = this.word;
    if ((word & bit) != 0) {
      throw doubleFree(address);
    }
    this.word = word |= bit;
    return Long.bitCount(word) >= wordTrigger;
  }

  /**
   * Gives a block back, to its page or to the word in hand; O(1).
   *
   * @return whether a page may have to go back: {@link #detach} it
   */
  final boolean give(Page page, int index, long address) {
    int word = index >>> 6;
    if (word == page.handWord) {
      return giveToHand(index, address);
    }
    long bit = 1L << index;
    long[] words = page.words;
    long old = words[word];
    if ((old & bit) != 0) {
      throw doubleFree(address);
    }
    words[word] = old | bit;
    if (old == 0 && page.raise(word)) {
      pages.markAvailable(page);
    }
    return count(page, 1);
  }

  private boolean count(Page page, int count) {
    long free = this.free + count;
    this.free = free;
    page.free += count;
    return (page.free == page.wholeAt || free >= freeTrigger) && settle(page);
  }

  private boolean settle(Page page) {
    if (page.free == page.blocks) {
      pages.markWhole(page);
    }
    arm();
    return mayRelease();
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
    if (page.free == page.blocks) {
      pages.markUsed(page);
    }
    int index = page.lowestWord();
    page.lower(index);
    if (page.isEmpty()) {
      pages.markExhausted(page);
    }
    HAND_PAGE.setRelease(this, page);
    page.handWord = index;
    word = page.words[index];
    handBase = page.base + ((long) index << 6) * blockSize;
    wordBlocks = Math.min(Long.SIZE, page.blocks - (index << 6));
    page.wholeAt = page.blocks - wordBlocks;
    page.free -= Long.bitCount(word);
    free -= Long.bitCount(word);
    arm();
    return true;
  }

  /** Puts the word in hand back into its page. */
  private void putBack() {
    Page page = handPage;
    if (word != 0) {
      if (page.raise(page.handWord)) {
        pages.markAvailable(page);
      }
      page.free += Long.bitCount(word);
      free += Long.bitCount(word);
    }
    dropHand();
    if (page.free == page.blocks && page != Page.NONE) {
      pages.markWhole(page);
    }
  }

  private void dropHand() {
    Page page = handPage;
    if (page != Page.NONE) {
      page.words[page.handWord] = word;
      page.handWord = Page.NO_WORD;
      page.wholeAt = page.blocks;
      handPage = Page.NONE;
      word = 0;
      handBase = 0;
      wordBlocks = 0;
    }
  }

  /** Sets the counts of the free paths, after any change of the pages or of the hand. */
  private void arm() {
    boolean whole = pages.hasWhole();
    if (pages.count() > 1 && (whole || handMayFill())) {
      long missing = releasableFrom() - free;
      freeTrigger = releasableFrom() - wordBlocks;
      wordTrigger = (int) Math.min(NEVER, whole ? missing : Math.max(missing, wordBlocks));
    } else {
      freeTrigger = Long.MAX_VALUE;
      wordTrigger = NEVER;
    }
  }

  /** {@return whether the word in hand has the only live blocks of its page} */
  private boolean handMayFill() {
    return handPage.free == handPage.wholeAt && handPage != Page.NONE;
  }

  /** {@return the count of free blocks from which on pages go back: three quarters, rounded up} */
  private long releasableFrom() {
    return blocks - (blocks >>> 2);
  }

  private boolean mayRelease() {
    return pages.count() > 1 && free + Long.bitCount(word) >= releasableFrom();
  }

  /**
   * {@return a page that by the rule goes back and is no longer held; {@link Page#NONE} if none}
   */
  final Page detach() {
    if (mayRelease() && handPage.free + Long.bitCount(word) == handPage.blocks) {
      putBack();
    }
    Page page = mayRelease() && pages.hasWhole() ? removeWhole() : Page.NONE;
    arm();
    return page;
  }

  /** {@return a page without a live block, no longer held; {@link Page#NONE} if there is none} */
  final Page detachWhole() {
    putBack();
    Page page = pages.hasWhole() ? removeWhole() : Page.NONE;
    arm();
    return page;
  }

  private Page removeWhole() {
    Page page = pages.highestWhole();
    pages.remove(page);
    blocks -= page.blocks;
    free -= page.free;
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
    free += page.free;
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
    return blocks - free - Long.bitCount(word);
  }

  final boolean isLive(Page page, int index) {
    return index >>> 6 == page.handWord ? (word >>> index & 1) == 0 : !page.contains(index);
  }

  /**
   * Writes the addresses of live blocks into {@code found}, from {@code count} on.
   *
   * @return how many addresses there are then
   */
  final int listLive(long[] found, int count) {
    putBack();
    arm();
    return pages.listLive(found, count, blockSize);
  }

  private InvalidFreeException doubleFree(long address) {
    return new InvalidFreeException(Reason.DOUBLE_FREE, layer, address);
  }

  // What shared pools add: the word in hand is written to its page, too, for frees to see.

  /** As {@link #take}. */
  final long takeVisibly() {
    long address = take();
    if (address != Allocator.NULL) {
      handPage.words[handPage.handWord] = word;
    }
    return address;
  }

  /** Gives the blocks {@code freed} of a word back, none of which is free. */
  final void giveWord(Page page, int index, long freed) {
    long[] words = page.words;
    long old = words[index];
    words[index] = old | freed;
    if (index == page.handWord) {
      word |= freed;
      return;
    }
    if (old == 0 && page.raise(index)) {
      pages.markAvailable(page);
    }
    count(page, Long.bitCount(freed));
  }

  final Page handPage() {
    return handPage;
  }

  /** {@return as {@link #handPage}, for any thread} */
  final Page visibleHandPage() {
    return (Page) HAND_PAGE.getAcquire(this);
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
