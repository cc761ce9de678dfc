package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;

/**
 * Blocks of one size, cut from pages of the inner allocator. The core of every allocator in this
 * module; it trusts its caller to be on the right thread and to ask for no more than a block. To be
 * extended by an allocator that is one pool: the fields of the hot paths then are its own, and no
 * pointer lies between.
 *
 * <p>Book-keeping is one bit a block on the Java heap, 1 for free. The 64 bits that are being
 * handed out are in hand: taken out of their page and kept in {@link #word}, with the address of
 * their first block. Taking a block clears the lowest bit; giving back a block of that word sets it
 * again. Neither touches the page, nor a counter.
 *
 * <p>A free finds its page in three steps, each dearer than the one before: the word in hand, the
 * page last freed into, the table. What a free needs of the page last freed into lies in fields
 * here as well; the cold paths {@link #settle} it first and {@link #arm} the fields last.
 *
 * <p>Invariants, when settled:
 *
 * <pre>
 *   live = blocks - free - bitCount(word)
 *   free = Σ page.free                      the word in hand aside, which is zero in handPage
 * </pre>
 *
 * <p>Release: while more than one page is held and at least 3/4 of all blocks are free, pages
 * without a live block go back. The free paths compare one count each, of the word in hand or of
 * the page last freed into, with the count at which that can have become true.
 */
abstract class BlockPool {

  /** More free blocks than a word has. */
  private static final int NEVER = Long.SIZE + 1;

  /** A block's bytes, which are {@code odd << shift}, and the inverse of odd modulo 2⁶⁴. */
  private final long blockSize;

  private final int shift;
  private final long odd;
  private final long inverse;

  /** The free blocks of the word in hand, and the address of its first block. */
  private long word;

  private long wordBase;

  /** How many blocks the word in hand has, live ones included. */
  private long wordBlocks;

  /** How many free blocks of the word in hand let a page go back. */
  private int wordTrigger = NEVER;

  /**
   * The page last freed into: its fields by the same names, but for {@code free}, which is ahead.
   */
  private int lastBlocks;

  private int lastFree;
  private long lastBase;
  private long[] lastWords = Page.NONE.words;

  /** The {@link #lastFree} at which there is more to do than to count. */
  private int lastTrigger;

  private Page lastPage = Page.NONE;
  private Page handPage = Page.NONE;
  private int handWord;

  private final String layer;
  private final Allocator inner;
  private final PageLayout layout;
  private final PageTable table;
  private final PageSet pages = new PageSet();
  private long blocks;
  private long free;
  private long reserved;
  private long peakReserved;
  private long innerMallocs;
  private long innerFrees;

  BlockPool(String layer, Allocator inner, PageLayout layout) {
    this.layer = layer;
    this.inner = inner;
    this.layout = layout;
    this.table = new PageTable(layout.bytes());
    this.blockSize = layout.blockSize();
    this.shift = Long.numberOfTrailingZeros(blockSize);
    this.odd = blockSize >>> shift;
    this.inverse = ExactDivision.inverse(odd);
  }

  /**
   * Takes a block of the word in hand: a bit scan and a shift, or a multiplication where blockSize
   * is no power of two.
   *
   * @return its address, or NULL iff the word in hand has no free block: {@link #refill} and take
   *     again
   */
  long take() {
    long word = this.word;
    if (word == 0) {
      return Allocator.NULL;
    }
    this.word = word & (word - 1);
    long index = Long.numberOfTrailingZeros(word);
    return wordBase + (odd == 1 ? index << shift : index * blockSize);
  }

  /**
   * {@return the index of the block at an offset; negative or past the end where no block starts}
   *
   * <p>A power of two is spared the multiplication, whose latency a block's way from take to give
   * would feel twice.
   */
  private long index(long offset) {
    return Long.rotateRight(odd == 1 ? offset : offset * inverse, shift);
  }

  /**
   * Takes another word in hand, the one in hand having no free block: once in 64 blocks; once in a
   * page, an inner malloc.
   *
   * @return false iff the inner has no memory
   * @throws OutOfMemoryError if the inner throws it, or the Java heap is full; nothing has changed
   */
  boolean refill() {
    Page page = pages.lowestAvailable();
    if (page == Page.NONE) {
      page = addPage();
      if (page == Page.NONE) {
        return false;
      }
    }
    settle();
    takeInHand(page);
    arm();
    return true;
  }

  /** Moves a page's first word with free blocks into the hand, which must be empty. */
  private void takeInHand(Page page) {
    if (page.free == page.blocks) {
      pages.markUsed(page);
    }
    int index = page.lowestWord();
    word = page.words[index];
    page.words[index] = 0;
    page.lower(index);
    if (page.isEmpty()) {
      pages.markExhausted(page);
    }
    addFree(page, -Long.bitCount(word));
    handPage = page;
    handWord = index;
    wordBase = page.base + ((long) index << 6) * blockSize;
    wordBlocks = Math.min(Long.SIZE, page.blocks - (index << 6));
  }

  /** Puts the word in hand back into its page. */
  private void putBack() {
    Page page = handPage;
    if (page == Page.NONE) {
      return;
    }
    if (word != 0) {
      page.words[handWord] = word;
      if (page.raise(handWord)) {
        pages.markAvailable(page);
      }
      addFree(page, Long.bitCount(word));
    }
    if (page.free == page.blocks) {
      pages.markWhole(page);
    }
    handPage = Page.NONE;
    word = 0;
    wordBase = 0;
    wordBlocks = 0;
  }

  private void addFree(Page page, int count) {
    page.free += count;
    free += count;
  }

  /**
   * Gives a block back: a multiplication and a compare where it is of the word in hand, a few more
   * where it is of the page last freed into, else a look-up in the table; O(1) in each case, and an
   * inner free where a page goes back.
   *
   * @return false iff the address is in none of the pages
   */
  boolean give(long address) {
    long index = index(address - wordBase);
    if (index >= 0 && index < wordBlocks) {
      long bit = 1L << index;
      long word = this.word;
      if ((word & bit) != 0) {
        throw invalid(Reason.DOUBLE_FREE, address);
      }
      this.word = word |= bit;
      if (Long.bitCount(word) >= wordTrigger) {
        settleAndRelease();
      }
      return true;
    }
    return giveToLastPage(address);
  }

  private boolean giveToLastPage(long address) {
    long index = index(address - lastBase);
    if (index >= 0 && index < lastBlocks) {
      int word = (int) index >>> 6;
      long bit = 1L << index;
      long[] words = lastWords;
      long old = words[word];
      if ((old & bit) != 0) {
        throw invalid(Reason.DOUBLE_FREE, address);
      }
      words[word] = old | bit;
      int free = lastFree + 1;
      lastFree = free;
      if (old == 0 && lastPage.raise(word)) {
        pages.markAvailable(lastPage);
      }
      if (free >= lastTrigger) {
        reachTrigger();
      }
      return true;
    }
    return giveToOtherPage(address);
  }

  private boolean giveToOtherPage(long address) {
    Page page = table.find(address);
    if (page == Page.NONE) {
      return false;
    }
    long index = index(address - page.base);
    if (index < 0 || index >= page.blocks) {
      throw invalid(Reason.NOT_A_BLOCK, address);
    }
    settle();
    lastPage = page;
    arm();
    return giveToLastPage(address);
  }

  private void reachTrigger() {
    if (lastFree == lastBlocks && lastPage != handPage) {
      pages.markWhole(lastPage);
    }
    settleAndRelease();
  }

  /** Counts what was given to the page last freed into. */
  private void settle() {
    int given = lastFree - lastPage.free;
    if (given != 0) {
      addFree(lastPage, given);
    }
  }

  /** Sets the fields of the free paths, after any change of pages, hand, or lastPage. */
  private void arm() {
    Page page = lastPage;
    lastBlocks = page.blocks;
    lastFree = page.free;
    lastBase = page.base;
    lastWords = page.words;
    // the free blocks of a page that is whole, those in hand aside
    long whole = page.blocks - (page == handPage ? wordBlocks : 0);
    if (pages.count() > 1 && (pages.hasWhole() || handMayFill())) {
      long missing = releasableFrom() - free;
      long wanted = pages.hasWhole() ? missing : Math.max(missing, wordBlocks);
      lastTrigger = (int) Math.min(whole, page.free + Math.max(1, missing - wordBlocks));
      wordTrigger = (int) Math.min(NEVER, wanted);
    } else {
      lastTrigger = (int) whole;
      wordTrigger = NEVER;
    }
  }

  /** {@return whether the word in hand has the only live blocks of its page} */
  private boolean handMayFill() {
    return handPage != Page.NONE && handPage.free == handPage.blocks - wordBlocks;
  }

  /** {@return the count of free blocks from which on pages go back: three quarters, rounded up} */
  private long releasableFrom() {
    return blocks - (blocks >>> 2);
  }

  private void settleAndRelease() {
    settle();
    try {
      release();
    } finally {
      arm(); // an inner may refuse to take a page back
    }
  }

  /** Gives pages back while the rule says so. */
  private void release() {
    if (mayRelease() && handPage.free + Long.bitCount(word) == handPage.blocks) {
      putBack();
    }
    while (mayRelease() && pages.hasWhole()) {
      removePage(pages.highestWhole());
    }
  }

  private boolean mayRelease() {
    return pages.count() > 1 && free + Long.bitCount(word) >= releasableFrom();
  }

  /**
   * Takes a page from the inner; {@link Page#NONE} where that has no memory.
   *
   * @throws OutOfMemoryError if the inner throws it, or the Java heap is full; nothing has changed
   */
  private Page addPage() {
    pages.reserve();
    table.reserve(layout.bytes());
    Page page = layout.unplacedPage();
    long start = inner.tryMalloc(layout.bytes());
    if (start == Allocator.NULL) {
      return Page.NONE;
    }
    page.place(start, layout.base(start));
    table.add(page);
    pages.add(page);
    blocks += page.blocks;
    free += page.blocks;
    reserved += page.bytes;
    peakReserved = Math.max(peakReserved, reserved);
    innerMallocs++;
    return page;
  }

  /** Gives a page back that has no live block and is not in hand. */
  private void removePage(Page page) {
    inner.free(page.start(), page.bytes);
    if (lastPage == page) {
      lastPage = Page.NONE;
    }
    free -= page.free;
    table.remove(page);
    pages.remove(page);
    blocks -= page.blocks;
    reserved -= page.bytes;
    innerFrees++;
  }

  boolean holds(long address) {
    return table.find(address) != Page.NONE;
  }

  long reservedBytes() {
    return reserved;
  }

  AllocatorStats snapshot() {
    settle();
    long live = live();
    return new AllocatorStats(
        live, live * blockSize, reserved, peakReserved, innerMallocs, innerFrees);
  }

  /** {@return the count of live blocks, when settled} */
  private long live() {
    return blocks - free - Long.bitCount(word);
  }

  /**
   * Gives all pages back.
   *
   * @throws LeakException if a block is live; nothing is given back
   */
  void returnPages() {
    settle();
    putBack();
    arm();
    if (live() != 0) {
      throw new LeakException(
          layer, live(), live() * blockSize, pages.firstLive(live(), blockSize));
    }
    try {
      while (pages.count() > 0) {
        removePage(pages.highestWhole());
      }
    } finally {
      arm();
    }
  }

  private InvalidFreeException invalid(Reason reason, long address) {
    return new InvalidFreeException(reason, layer, address);
  }
}
