package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;

/**
 * Blocks of one size, cut from pages of the inner allocator. The core of every allocator in this
 * module; it trusts its caller to be on the right thread and to ask for no more than a block.
 *
 * <p>Book-keeping is one bit a block on the Java heap, 1 for free. The 64 bits that are being
 * handed out are in hand: taken out of their page and kept in {@link #word}, with the address of
 * their first block. Taking a block clears the lowest bit; giving back a block of that word sets it
 * again. Neither touches the page, nor a counter.
 *
 * <p>Invariants:
 *
 * <pre>
 *   live  = blocks - free() - bitCount(word)
 *   free() = Σ page.free = freeElsewhere + lastPage.free       the word in hand aside
 *   the word in hand is zero in handPage
 * </pre>
 *
 * <p>A free finds its page in three steps, each dearer than the one before: the word in hand, the
 * page last freed into, the table.
 *
 * <p>Release: while more than one page is held and at least 3/4 of all blocks are free, pages
 * without a live block go back. The free paths compare one count each, of the word in hand or of
 * the page last freed into, with the count at which that can have become true.
 */
final class BlockPool {

  /** More free blocks than a word has. */
  private static final int NEVER = Long.SIZE + 1;

  private final String layer;
  private final Allocator inner;
  private final PageLayout layout;
  private final PageTable table;

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

  /** The page last freed into. */
  private Page lastPage = Page.NONE;

  /** The value of {@code lastPage.free} at which there is more to do than to count. */
  private int freeTrigger;

  /** The free blocks of all other pages. */
  private long freeElsewhere;

  private Page handPage = Page.NONE;
  private int handWord;

  private final PageSet pages = new PageSet();
  private long blocks;
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
   */
  boolean refill() {
    Page page = pages.lowestAvailable();
    if (page == Page.NONE) {
      page = addPage();
      if (page == Page.NONE) {
        return false;
      }
    }
    takeInHand(page);
    return true;
  }

  /** Moves a page's first word with free blocks into the hand, which must be empty. */
  private void takeInHand(Page page) {
    if (page.free == page.blocks) {
      pages.markUsed(page);
    }
    int index = page.lowestWord();
    long bits = page.words[index];
    page.words[index] = 0;
    page.lower(index);
    if (page.isEmpty()) {
      pages.markExhausted(page);
    }
    int count = Long.bitCount(bits);
    addFree(page, -count);
    handPage = page;
    handWord = index;
    word = bits;
    wordBase = page.base + ((long) index << 6) * blockSize;
    wordBlocks = Math.min(Long.SIZE, page.blocks - (index << 6));
    setTriggers();
  }

  private void addFree(Page page, int count) {
    page.free += count;
    if (page != lastPage) {
      freeElsewhere += count;
    }
  }

  private long free() {
    return freeElsewhere + lastPage.free;
  }

  /** Puts the word in hand back into its page. */
  private void putBack() {
    Page page = handPage;
    if (page == Page.NONE) {
      return;
    }
    if (word != 0) {
      int count = Long.bitCount(word);
      page.words[handWord] = word;
      if (page.raise(handWord)) {
        pages.markAvailable(page);
      }
      addFree(page, count);
    }
    if (page.free == page.blocks) {
      pages.markWhole(page);
    }
    handPage = Page.NONE;
    word = 0;
    wordBase = 0;
    wordBlocks = 0;
    setTriggers();
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
        release();
      }
      return true;
    }
    return giveToPage(address);
  }

  private boolean giveToPage(long address) {
    Page page = lastPage;
    long index = index(address - page.base);
    if (index >= 0 && index < page.blocks) {
      int word = (int) index >>> 6;
      long bit = 1L << index;
      long old = page.words[word];
      if ((old & bit) != 0) {
        throw invalid(Reason.DOUBLE_FREE, address);
      }
      page.words[word] = old | bit;
      if (old == 0) {
        raise(page, word);
      }
      if (++page.free >= freeTrigger) {
        freeReached(page);
      }
      return true;
    }
    return giveToOther(address);
  }

  private void raise(Page page, int word) {
    if (page.raise(word)) {
      pages.markAvailable(page);
    }
  }

  private boolean giveToOther(long address) {
    Page page = table.find(address);
    if (page == Page.NONE) {
      return false;
    }
    long index = index(address - page.base);
    if (index < 0 || index >= page.blocks) {
      throw invalid(Reason.NOT_A_BLOCK, address);
    }
    freeElsewhere += lastPage.free - page.free;
    lastPage = page;
    setTriggers();
    return giveToPage(address);
  }

  private void freeReached(Page page) {
    if (page != handPage && page.free == page.blocks) {
      pages.markWhole(page);
    }
    release();
  }

  /** Sets what the free paths compare with: after any change of pages, hand, or lastPage. */
  private void setTriggers() {
    // blocks of the page last freed into that are not in hand: at this count it is whole
    long whole = lastPage.blocks - (lastPage == handPage ? wordBlocks : 0);
    if (pages.count() > 1 && (pages.hasWhole() || handMayFill())) {
      long missing = releasableFrom() - free();
      long wanted = pages.hasWhole() ? missing : Math.max(missing, wordBlocks);
      freeTrigger = (int) Math.min(whole, lastPage.free + Math.max(1, missing - wordBlocks));
      wordTrigger = (int) Math.min(NEVER, wanted);
    } else {
      freeTrigger = (int) whole;
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

  /** Gives pages back while the rule says so. */
  private void release() {
    if (mayRelease() && handPage.free + Long.bitCount(word) == handPage.blocks) {
      putBack();
    }
    while (mayRelease() && pages.hasWhole()) {
      removePage(pages.highestWhole());
    }
    setTriggers();
  }

  private boolean mayRelease() {
    return pages.count() > 1 && free() + Long.bitCount(word) >= releasableFrom();
  }

  /** Takes a page from the inner; {@link Page#NONE} where that has no memory. */
  private Page addPage() {
    try {
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
      freeElsewhere += page.blocks;
      reserved += page.bytes;
      peakReserved = Math.max(peakReserved, reserved);
      innerMallocs++;
      return page;
    } catch (OutOfMemoryError noMemory) {
      return Page.NONE;
    }
  }

  /** Gives a page back that has no live block and is not in hand. */
  private void removePage(Page page) {
    inner.free(page.start(), page.bytes);
    if (lastPage == page) {
      lastPage = Page.NONE;
    } else {
      freeElsewhere -= page.free;
    }
    table.remove(page);
    pages.remove(page);
    blocks -= page.blocks;
    reserved -= page.bytes;
    innerFrees++;
  }

  boolean owns(long address) {
    return table.find(address) != Page.NONE;
  }

  long reserved() {
    return reserved;
  }

  AllocatorStats stats() {
    long live = live();
    return new AllocatorStats(
        live, live * blockSize, reserved, peakReserved, innerMallocs, innerFrees);
  }

  private long live() {
    return blocks - free() - Long.bitCount(word);
  }

  /**
   * Gives all pages back.
   *
   * @throws LeakException if a block is live; nothing is given back
   */
  void close() {
    putBack();
    if (live() != 0) {
      throw new LeakException(layer, live(), live() * blockSize, firstLive());
    }
    while (pages.count() > 0) {
      removePage(pages.highestWhole());
    }
    setTriggers();
  }

  private long[] firstLive() {
    long[] found = new long[(int) Math.min(live(), LeakException.MAX_ADDRESSES)];
    int count = 0;
    for (Page page = pages.next(0); count < found.length; page = pages.next(page.slot + 1)) {
      for (int block = 0; block < page.blocks && count < found.length; block++) {
        if (!page.contains(block)) {
          found[count++] = page.base + block * blockSize;
        }
      }
    }
    return found;
  }

  private InvalidFreeException invalid(Reason reason, long address) {
    return new InvalidFreeException(reason, layer, address);
  }
}
