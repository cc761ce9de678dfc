package org.jallocator.fixedblock;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one pool: which of them have free blocks, and which have no live block.
 *
 * <p>A page keeps its slot for as long as it is held, and the lowest slot is handed out from first,
 * unless most blocks are live ({@link Magazine}). So the pages of low slots fill up and those of
 * high slots drain, and it is these that go back.
 */
final class PageSet {

  private static final int MIN_CAPACITY = 4;
  private static final Page[] NO_PAGES = {};
  private static final BitTree NO_SLOTS = new BitTree(BitTree.levels(0));

  private @Nullable Page[] bySlot = NO_PAGES;

  /** The slots of pages of which a word is marked as one with a free block. */
  private BitTree available = NO_SLOTS;

  /** The slots of pages that have nothing but free blocks. */
  private BitTree allFree = NO_SLOTS;

  /** The slots of no page. */
  private BitTree vacant = NO_SLOTS;

  private int count;

  int count() {
    return count;
  }

  /** Makes room for one more page, so that {@link #add} cannot fail. */
  void reserve() {
    if (count < bySlot.length) {
      return;
    }
    int old = bySlot.length;
    int capacity = Math.max(MIN_CAPACITY, Math.multiplyExact(old, 2));
    int[] levels = BitTree.levels(capacity);
    BitTree moreAvailable = grown(available, old, levels);
    BitTree moreAllFree = grown(allFree, old, levels);
    BitTree moreVacant = grown(vacant, old, levels);
    for (int slot = old; slot < capacity; slot++) {
      moreVacant.set(slot);
    }
    bySlot = Arrays.copyOf(bySlot, capacity);
    available = moreAvailable;
    allFree = moreAllFree;
    vacant = moreVacant;
  }

  private static BitTree grown(BitTree tree, int size, int[] levels) {
    BitTree more = new BitTree(levels);
    for (int slot = 0; slot < size; slot++) {
      if (tree.contains(slot)) {
        more.set(slot);
      }
    }
    return more;
  }

  /** Adds a page whose blocks are all free. */
  void add(Page page) {
    page.slot = vacant.lowest();
    vacant.clear(page.slot);
    bySlot[page.slot] = page;
    available.set(page.slot);
    allFree.set(page.slot);
    count++;
  }

  void remove(Page page) {
    bySlot[page.slot] = null;
    available.clear(page.slot);
    allFree.clear(page.slot);
    vacant.set(page.slot);
    page.slot = Page.NO_SLOT;
    count--;
  }

  void markAvailable(Page page) {
    available.set(page.slot);
  }

  void markFull(Page page) {
    available.clear(page.slot);
  }

  void markAllFree(Page page) {
    allFree.set(page.slot);
  }

  void markUsed(Page page) {
    allFree.clear(page.slot);
  }

  boolean hasAllFree() {
    return !allFree.isEmpty();
  }

  boolean hasAvailable() {
    return !available.isEmpty();
  }

  /** {@return the page to hand out from; there must be one that is available} */
  Page lowestAvailable() {
    return at(available.lowest());
  }

  /** {@return the page to give back; there must be one without a live block} */
  Page highestAllFree() {
    return at(allFree.highest());
  }

  /**
   * Writes the addresses of live blocks into {@code found}, from {@code count} on.
   *
   * @return how many addresses there are then
   */
  int listLive(long[] found, int count, long blockSize) {
    int listed = count;
    for (int slot = 0; slot < bySlot.length && listed < found.length; slot++) {
      Page page = at(slot);
      for (int block = page.nextLive(0);
          block < page.blocks && listed < found.length;
          block = page.nextLive(block + 1)) {
        found[listed++] = page.base + block * blockSize;
      }
    }
    return listed;
  }

  /** {@return how many slots there are, vacant ones included} */
  int slots() {
    return bySlot.length;
  }

  /** {@return the page of a slot, or {@link Page#NONE}} */
  Page at(int slot) {
    Page page = bySlot[slot];
    return page == null ? Page.NONE : page;
  }
}
