package org.jallocator.fixedblock;

import java.lang.invoke.VarHandle;

/**
 * The pool of a confined allocator that has no other: it finds a block without asking whose it is.
 * Only {@link #free(long, PageTable)} may be its hot path for frees.
 *
 * <p>A program that frees many blocks mostly frees neighbours, one after the other. After a slow
 * free, the pool keeps that word's bits in its own fields (or those of the next word, if that one
 * is now all-free): the run word. Later frees in it touch no page. The run word does for free what
 * the active word does for malloc. There is none while the magazine is in use.
 *
 * <p>While there is a run word, its page and the count of live blocks lag behind. So {@link #flush}
 * ends the run before anything but the hot paths, and a word whose blocks may let a page go back
 * does not become the run word. When its last block comes back, the run ends. Another thread that
 * asks how many blocks are live reads again if a run began or ended meanwhile.
 */
final class SinglePool extends BlockPool {

  /** The free blocks of the run word. */
  private long run;

  /** What that is when all are free. */
  private long runAllFree;

  /** The address of its first block. */
  private long runBase;

  /** How many blocks it has; 0 if there is none. */
  private long runCount;

  /** Its page. */
  private Page runPage = Page.NONE;

  private int runIndex;

  /** The page of the last slow free. */
  private Page lastPage = Page.NONE;

  SinglePool(String layerName, PageLayout... layouts) {
    super(layerName, null, 0, layouts);
  }

  /**
   * Frees a block, if that takes no more than setting its bit; O(1).
   *
   * @param table the pages of this pool
   * @return false, and nothing has changed, if it does, for whatever reason
   */
  boolean free(long address, PageTable table) {
    if (freeLast(address)) {
      return true;
    }
    long index = index(address, runBase);
    if (index >= 0 && index < runCount) {
      return freeRun(1L << index);
    }
    return free(address) || freeInPage(address, table);
  }

  private boolean freeRun(long bit) {
    long old = run;
    long free = old | bit;
    if ((old & bit) != 0 || free == runAllFree) {
      return false;
    }
    run = free;
    return true;
  }

  private boolean freeInPage(long address, PageTable table) {
    Page page = lastPage;
    long index = page.index(address);
    if (index < 0 || index >= page.blocks) {
      page = table.guess(address);
      index = page.index(address);
      if (index < 0 || index >= page.blocks) {
        return false;
      }
    }
    return free(page, (int) index);
  }

  /** As in {@link BlockPool}; makes the word that the next free is likely to be in the run word. */
  @Override
  void freeSlow(Page page, int index, long address) {
    super.freeSlow(page, index, address);
    if (!releaseDue() && !isScattered()) {
      lastPage = page;
      int word = index >>> 6;
      boolean goesDown = (index & 63) == 0;
      startRun(page, !page.isAllFree(word) ? word : goesDown ? word - 1 : word + 1);
    }
  }

  private void startRun(Page page, int word) {
    if (word < 0 || word >= page.wordCount || word == page.activeWord) {
      return;
    }
    long free = page.words[word];
    long allFree = page.allFree(word);
    if (free != allFree && allowFor(Long.bitCount(allFree ^ free))) {
      beginChange();
      run = free;
      runAllFree = allFree;
      runBase = base(page, word);
      runCount = Long.bitCount(allFree);
      runIndex = word;
      VarHandle.storeStoreFence(); // until it has a page, it has freed nothing
      runPage = page;
      endChange();
    }
  }

  @Override
  long freeButTaken() {
    Page page = runPage;
    VarHandle.acquireFence();
    int word = runIndex;
    return word < page.wordCount ? Long.bitCount(run & ~page.words[word]) : 0;
  }

  /** Ends the run, and forgets the page of the last slow free, which may go back. */
  @Override
  void flush() {
    lastPage = Page.NONE;
    if (runCount != 0) {
      Page page = runPage;
      beginChange();
      runBase = 0;
      runCount = 0;
      runPage = Page.NONE;
      VarHandle.storeStoreFence();
      freeAllowed(page, runIndex, run ^ page.words[runIndex]);
      endChange();
    }
  }
}
