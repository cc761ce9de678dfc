package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of one size, cut from pages. It trusts its caller to be alone with it and to ask for no
 * more than a block, and it makes no calls of the inner: pages are given to it and taken from it.
 *
 * <p>One bit a block on the Java heap says whether it is free. A malloc takes from the active word,
 * or from the {@linkplain Magazine magazine}; a free sets a bit. Only the first free block of a
 * word that is not marked, or the last live one, changes more.
 *
 * <p>Invariants:
 *
 * <pre>
 *   a page is in pages.available iff a word of it is marked as one that has a free block
 *   a page is in pages.allFree   iff all its words are all-free, and none is active
 *   blocks = the sum of page.blocks over all pages
 * </pre>
 *
 * <p>Release rule: while more than one page is held, and more than {@code keptBlocks} blocks, and
 * at least 3/4 of all blocks are free, all-free pages go back. Each free compares how many are live
 * with {@code releaseBelow}; only at or below it can a page go back.
 */
class BlockPool extends Magazine {

  private static final VarHandle MOVES;
  private static final VarHandle ACTIVE_WORD;
  private static final VarHandle COLLECTED;
  private static final VarHandle BLOCKS;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      MOVES = lookup.findVarHandle(Page.class, "moves", int.class);
      ACTIVE_WORD = lookup.findVarHandle(Page.class, "activeWord", int.class);
      COLLECTED = lookup.findVarHandle(BlockPool.class, "collected", long.class);
      BLOCKS = lookup.findVarHandle(Magazine.class, "blocks", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Less than any count of live blocks if there is one. */
  private static final long NEVER = 0;

  /** The index of this pool among its heap's. */
  final int sizeClass;

  private final String layerName;
  private final PageLayout[] layouts;
  private final int keptBlocks;
  private Page activePage;

  /** How many blocks that were freed remotely have been collected so far. */
  private long collected;

  /** Whose pool this is; null only in a confined allocator. */
  final @Nullable Heap heap;

  /** Whether a thread is getting a page for this pool, so that others wait for that one. */
  volatile boolean growing;

  /**
   * Makes a pool without pages.
   *
   * @param heap whose pool it is; null in a confined allocator
   * @param keptBlocks how many blocks are never released
   * @param layouts of its pages, small ones first; the more it holds, the larger the next
   */
  BlockPool(String layerName, @Nullable Heap heap, int keptBlocks, PageLayout... layouts) {
    this(layerName, heap, keptBlocks, Page.NONE, layouts);
  }

  /** Makes the pool of {@link Page#NONE}. */
  BlockPool(Page none) {
    this("", null, 0, none, PageLayout.NONE);
  }

  private BlockPool(
      String layerName, @Nullable Heap heap, int keptBlocks, Page none, PageLayout... layouts) {
    super(layouts[0]);
    this.layerName = layerName;
    this.heap = heap;
    this.keptBlocks = keptBlocks;
    this.layouts = layouts;
    this.activePage = none;
    this.sizeClass = layouts[0].sizeClass();
  }

  /**
   * Frees a block, if that takes no more than setting its bit; O(1).
   *
   * @return false, and nothing has changed, if the block is free, or its word's last live one, or
   *     its first free one and the word is not marked, or a page may go back: {@link #freeSlow}
   */
  final boolean free(Page page, int index) {
    long bit = 1L << index;
    int word = index >>> 6;
    if (word == page.activeWord) {
      return freeBit(bit);
    }
    long[] words = page.words;
    long old = words[word];
    long free = old | bit;
    if ((old & bit) != 0
        || !page.isMarked(word)
        || free == page.allFree(word)
        || taken - Long.bitCount(this.word) <= releaseBelow) {
      return false;
    }
    load(page, index);
    // No call from here on: a stack overflow cannot fall between these stores.
    words[word] = free;
    taken--;
    return true;
  }

  /**
   * Frees a block; O(1). After it a page may have to go back: {@link #detach}.
   *
   * @throws InvalidFreeException if the block is free
   */
  void freeSlow(Page page, int index, long address) {
    if (isFree(page, index)) {
      throw new InvalidFreeException(Reason.DOUBLE_FREE, layerName, address);
    }
    freeWord(page, index >>> 6, 1L << index);
    load(page, index);
  }

  /**
   * {@return whether a block is free, as seen by a thread that does not work on the pool} A free
   * that is ordered before this call is seen, remote or not. Bits may move meanwhile, from the
   * active word to the page or from the remote frees to both; then they are read again.
   *
   * <p>For a block outside the active word nothing is read that the owner writes at each malloc,
   * unless its mallocs come from the magazine.
   */
  final boolean isFreeForOthers(Page page, int index) {
    int word = index >>> 6;
    for (int tries = 0; ; tries++) {
      int before = (int) MOVES.getAcquire(page);
      long bits =
          (int) ACTIVE_WORD.getOpaque(page) == word
              ? (long) WORD.getOpaque(this)
              : (long) BitTree.WORDS.getOpaque(page.words, word);
      boolean free = (bits >>> index & 1) != 0 || page.remote.contains(index);
      VarHandle.acquireFence();
      if ((before & 1) == 0 && before == (int) MOVES.getOpaque(page)) {
        return free;
      }
      Waiting.pause(tries);
    }
  }

  /** Says that bits of a page move: to or from the active word, or from the remote frees. */
  private static void beginMove(Page page) {
    MOVES.setOpaque(page, page.moves + 1);
    VarHandle.storeStoreFence();
  }

  /** Says that the bits have moved. */
  private static void endMove(Page page) {
    MOVES.setRelease(page, page.moves + 1);
  }

  /** {@return whether a block is free, remote frees not counted} */
  final boolean isFree(Page page, int index) {
    long bits = index >>> 6 == page.activeWord ? word : page.words[index >>> 6];
    return (bits >>> index & 1) != 0;
  }

  /** Frees blocks of a word, all of which are live. */
  final void freeWord(Page page, int word, long freed) {
    if (freed == 0) {
      return;
    }
    if (word == page.activeWord) {
      this.word |= freed;
      return;
    }
    long[] words = page.words;
    long old = words[word];
    words[word] = old | freed;
    taken -= Long.bitCount(freed);
    onFirstOrLastFree(page, word, old);
  }

  /**
   * Moves the remote frees of a word to the page's own bits.
   *
   * @return those of them that were free already, each freed twice
   */
  final long collect(Page page, int word) {
    if (!page.remote.hasAny(word)) {
      return 0;
    }
    beginMove(page);
    long freed = page.remote.take(word);
    long own = word == page.activeWord ? this.word : page.words[word];
    // After the bits are taken, and before the frees: see liveBlocksForOthers.
    COLLECTED.setRelease(this, collected + Long.bitCount(freed & ~own));
    VarHandle.storeStoreFence();
    freeWord(page, word, freed & ~own);
    endMove(page);
    return freed & own;
  }

  /** Updates the books of a word that has its first free block, or no live block, or both. */
  private void onFirstOrLastFree(Page page, int word, long old) {
    if (old == 0 && page.free.raise(word)) {
      pages.markAvailable(page);
    }
    if (page.isAllFree(word) && ++page.allFreeWords >= page.wordCount - 1) {
      if (page.allFreeWords == page.wordCount) {
        pages.markAllFree(page);
      }
      updateThreshold();
    }
  }

  /** Writes into the books what the hot paths have not: see {@link SinglePool}. */
  void flush() {}

  /**
   * Lets some blocks be freed without being counted until {@link #freeAllowed}.
   *
   * @return false, and nothing has changed, if that may let a page go back
   */
  final boolean allowFor(int count) {
    if (liveCount() <= releaseBelow + count) {
      return false;
    }
    releaseBelow += count;
    return true;
  }

  /** As {@link #freeWord}, of blocks that were allowed for. */
  final void freeAllowed(Page page, int word, long freed) {
    freeWord(page, word, freed);
    updateThreshold();
  }

  /**
   * Makes another word active, or fills the magazine, if neither has a free block: once in 64
   * blocks, or in 32.
   *
   * @return false iff no page has a free block: {@link #attach} one and refill again
   */
  final boolean refill() {
    if (!pages.hasAvailable()) {
      return false;
    }
    dropActive();
    empty();
    while (pages.hasAvailable()) {
      Page page = pages.lowestAvailable();
      int word = page.free.lowestWord();
      boolean free = page.words[word] != 0;
      if (free && isFewOfMany(page, word)) {
        fill(page, word);
        updateThreshold();
        return true;
      }
      page.free.lower(word);
      if (page.isFull()) {
        pages.markFull(page);
      }
      if (free) {
        activate(page, word);
        return true;
      }
    }
    updateThreshold();
    return false;
  }

  private void activate(Page page, int word) {
    beginMove(page);
    if (page.isAllFree(word) && page.allFreeWords-- == page.wordCount) {
      pages.markUsed(page);
    }
    beginChange();
    page.activeWord = word;
    this.activePage = page;
    this.word = page.words[word];
    this.taken += Long.bitCount(this.word);
    endChange();
    this.base = base(page, word);
    this.count = Math.min(Long.SIZE, page.blocks - (word << 6));
    this.lastBit = 0;
    endMove(page);
    updateThreshold();
  }

  /**
   * Takes a block of the active word, or of the magazine.
   *
   * @param remote whether to look for remote frees
   * @return NULL iff neither has one, or there are remote frees of those that could be next: these
   *     were freed twice
   */
  final long takeAtHand(boolean remote) {
    if (remote && nextWasFreedTwice()) {
      return Allocator.NULL;
    }
    long address = take();
    return address != Allocator.NULL ? address : takeLoaded(remote);
  }

  /** Has no active word any more. */
  private void dropActive() {
    Page page = activePage;
    if (page == Page.NONE) {
      return;
    }
    int word = page.activeWord;
    int free = Long.bitCount(this.word);
    beginMove(page);
    beginChange();
    page.words[word] = this.word;
    page.activeWord = Page.NO_WORD;
    this.activePage = Page.NONE;
    this.taken -= free;
    this.word = 0;
    this.base = 0;
    this.count = 0;
    this.lastBit = 0;
    endChange();
    endMove(page);
    if (page.words[word] != 0) {
      onFirstOrLastFree(page, word, 0);
    }
  }

  /** {@return where a word's first block begins} */
  final long base(Page page, int word) {
    return page.base + ((long) word << 6) * blockSize;
  }

  /** Sets what the frees compare with, after any change of the pages or of the active word. */
  private void updateThreshold() {
    if (pages.count() <= 1) {
      releaseBelow = NEVER;
    } else if (pages.hasAllFree()) {
      releaseBelow = releasableAt() + 1;
    } else if (activeMayBecomeAllFree()) {
      // Frees in other words make the active word all-free at fewer: then this is set again.
      releaseBelow = Math.min(releasableAt(), taken - count) + 1;
    } else {
      releaseBelow = NEVER;
    }
  }

  /** {@return whether the active word has the only live blocks of its page} */
  private boolean activeMayBecomeAllFree() {
    return activePage.allFreeWords == activePage.wordCount - 1 && activePage != Page.NONE;
  }

  /** {@return the count of live blocks down from which pages go back: a quarter, rounded down} */
  private long releasableAt() {
    return blocks <= keptBlocks ? -1 : blocks >>> 2;
  }

  private boolean mayRelease() {
    return pages.count() > 1 && liveCount() <= releasableAt();
  }

  /** {@return whether the last free may have made a page go back} */
  final boolean releaseDue() {
    return liveCount() < releaseBelow;
  }

  /**
   * {@return a page that by the rule goes back and is no longer held; {@link Page#NONE} if none}
   */
  final Page detach() {
    if (mayRelease()
        && activeMayBecomeAllFree()
        && word == activePage.allFree(activePage.activeWord)) {
      dropActive();
    }
    Page page = mayRelease() && pages.hasAllFree() ? removeAllFree() : Page.NONE;
    updateThreshold();
    return page;
  }

  /** {@return a page without a live block, no longer held; {@link Page#NONE} if there is none} */
  final Page detachAllFree() {
    dropActive();
    Page page = pages.hasAllFree() ? removeAllFree() : Page.NONE;
    updateThreshold();
    return page;
  }

  /** {@return any page, no longer held, live blocks or not; {@link Page#NONE} if there is none} */
  final Page detachAny() {
    dropActive();
    for (int slot = 0; slot < pages.slots(); slot++) {
      Page page = pages.at(slot);
      if (page != Page.NONE) {
        taken -= page.liveCount();
        pages.remove(page);
        blocks -= page.blocks;
        updateThreshold();
        return page;
      }
    }
    return Page.NONE;
  }

  private Page removeAllFree() {
    Page page = pages.highestAllFree();
    pages.remove(page);
    blocks -= page.blocks;
    return page;
  }

  /** Makes room for one more page. */
  final void reserve() {
    reserveMagazine(nextLayout().blocks());
    pages.reserve();
  }

  /** Adds a page whose blocks are all free; there must be room for it. */
  final void attach(Page page) {
    pages.add(page);
    blocks += page.blocks;
    updateThreshold();
  }

  /** {@return how the next page is to be cut: about as large as what is held, within limits} */
  final PageLayout nextLayout() {
    int next = 0;
    while (next < layouts.length - 1 && layouts[next].blocks() * 2L <= blocks) {
      next++;
    }
    return layouts[next];
  }

  /**
   * Writes the addresses of live blocks into {@code found}, from {@code count} on.
   *
   * @return how many addresses there are then
   */
  final int listLive(long[] found, int count) {
    dropActive();
    updateThreshold();
    return pages.listLive(found, count, blockSize);
  }

  /**
   * {@return whether the block of the active word that would be handed out next was freed remotely,
   * too: it was freed twice}
   */
  final boolean nextWasFreedTwice() {
    Page page = activePage;
    int next = Long.numberOfTrailingZeros(word);
    return word != 0 && page.remote.contains((page.activeWord << 6) + next);
  }

  /**
   * {@return how many blocks are live} May be asked by any thread. No block that is live throughout
   * is missed, unless two frees of another one raced and nobody has collected them; blocks that are
   * freed meanwhile may be counted.
   *
   * <p>The remote frees are counted first, those that were collected and those that were not; one
   * that is collected meanwhile is counted once or not at all. What mallocs and own frees amount to
   * is read after that, and so has the malloc of each block whose free was counted. Each reading is
   * thus no less than how many blocks were live throughout it. If nothing was collected during it,
   * it is close; else the least of some readings is taken.
   */
  final long liveBlocksForOthers() {
    long least = Long.MAX_VALUE;
    for (int tries = 0; ; tries++) {
      long before = (long) COLLECTED.getAcquire(this);
      long remote = before + remoteCount();
      VarHandle.acquireFence();
      long live = liveBlocks(); // collect changes it last
      long after = (long) COLLECTED.getAcquire(this);
      least = Math.min(least, live + after - remote);
      if (before == after || tries == MOST_READINGS) {
        return Math.max(0, Math.min(least, (long) BLOCKS.getAcquire(this)));
      }
      Thread.onSpinWait();
    }
  }

  /** {@return blocks that were freed remotely and are not collected} May be asked by any thread. */
  private long remoteCount() {
    long count = 0;
    for (int slot = 0; slot < pages.slots(); slot++) {
      count += pages.at(slot).remote.count();
    }
    return count;
  }

  /** {@return whether {@link #detachAllFree} may find a page} May be asked by any thread. */
  final boolean mayTrim() {
    return pages.hasAllFree() || (liveCount() == 0 && blocks != 0);
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
