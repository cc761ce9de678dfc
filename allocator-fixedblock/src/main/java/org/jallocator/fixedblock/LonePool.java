package org.jallocator.fixedblock;

/**
 * The pool of a confined allocator that has no other: it finds a block without asking whose it is.
 * Only {@link #give(long, PageTable)} may be its hot path for frees.
 *
 * <p>Who frees many blocks mostly frees neighbours, one after the other. The word that the last
 * free of the cold path was of is open, or the next one where that filled it: its bits stand in
 * fields here, apart from their page, so that a free of one of its blocks needs no page, and does
 * not wait for the last one's store into it. The next free of the cold path, such as the first of
 * another word, closes it. It is to free what the word in hand is to malloc.
 *
 * <p>While a word is open, its page and the count of live blocks do not know of what is given back
 * to it. So {@link #settle} closes it before anything but the hot paths; and it is not opened where
 * its blocks may let a page go back. When its last block comes back, it is closed.
 */
final class LonePool extends BlockPool {

  /** The free blocks of the open word. */
  private long open;

  /** What that is when all are free. */
  private long openFull;

  /** The address of its first block. */
  private long openBase;

  /** How many blocks it has; 0 where none is open. */
  private long openBlocks;

  /** Where it stands. */
  private Page openPage = Page.NONE;

  private int openWord;

  LonePool(String layer, PageLayout... layouts) {
    super(layer, layouts);
  }

  /**
   * Gives a block back, if that takes no more than setting its bit; O(1).
   *
   * @param table the pages of this pool
   * @return false, and nothing has changed, where it does, for whatever reason: {@link
   *     Core#giveSlow} knows
   */
  boolean give(long address, PageTable table) {
    long index = index(address, openBase);
    if (index >= 0 && index < openBlocks) {
      return giveToOpen(1L << index);
    }
    return giveToHand(address) || giveToPage(address, table);
  }

  private boolean giveToOpen(long bit) {
    long old = open;
    long free = old | bit;
    if ((old & bit) != 0 || free == openFull) {
      return false;
    }
    open = free;
    return true;
  }

  private boolean giveToPage(long address, PageTable table) {
    Page page = table.lastFound();
    long index = page.index(address);
    if (index < 0 || index >= page.blocks) {
      page = table.guessAlone(address);
      index = page.index(address);
      if (index < 0 || index >= page.blocks) {
        return false;
      }
    }
    return giveToPage(page, (int) index);
  }

  /** As in {@link BlockPool}; opens the word that the next free is likely to be of. */
  @Override
  boolean give(Page page, int index, long address) {
    boolean mayRelease = super.give(page, index, address);
    if (!mayRelease) {
      int word = index >>> 6;
      boolean goesDown = (index & 63) == 0;
      open(page, !page.isFull(word) ? word : goesDown ? word - 1 : word + 1);
    }
    return mayRelease;
  }

  private void open(Page page, int word) {
    if (word < 0 || word >= page.wordCount || word == page.handWord) {
      return;
    }
    long free = page.words[word];
    long full = page.fullWord(word);
    if (free != full && allowFor(Long.bitCount(full ^ free))) {
      open = free;
      openFull = full;
      openBase = base(page, word);
      openBlocks = Long.bitCount(full);
      openPage = page;
      openWord = word;
    }
  }

  @Override
  void settle() {
    if (openBlocks != 0) {
      giveAllowed(openPage, openWord, open ^ openPage.words[openWord]);
      openBase = 0;
      openBlocks = 0;
      openPage = Page.NONE;
    }
  }
}
