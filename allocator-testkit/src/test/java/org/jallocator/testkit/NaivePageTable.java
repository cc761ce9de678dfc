package org.jallocator.testkit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The pages that {@link NaivePages} holds, by address; and the place to plant bugs about owning.
 */
final class NaivePageTable {

  /** What the inner gave, where the blocks start in it, and how many bytes they are. */
  record Page(long innerAddress, long innerSize, long first, long blocksSize) {

    private boolean holds(long address, boolean slackToo) {
      long from = slackToo ? innerAddress : first;
      long length = slackToo ? innerSize : blocksSize;
      return Long.compareUnsigned(address - from, length) < 0;
    }
  }

  private final Bug bug;
  private final NavigableMap<Long, Page> pages;
  private final List<Page> gone = new ArrayList<>();

  NaivePageTable(Bug bug) {
    this.bug = bug;
    Comparator<Long> order =
        bug == Bug.COMPARES_ADDRESSES_AS_SIGNED ? Long::compare : Long::compareUnsigned;
    this.pages = new TreeMap<>(order);
  }

  void add(Page page) {
    pages.put(page.innerAddress, page);
  }

  void remove(Page page) {
    pages.remove(page.innerAddress);
    gone.add(page);
  }

  void clear() {
    pages.clear();
  }

  int size() {
    return pages.size();
  }

  Collection<Page> pages() {
    return List.copyOf(pages.values());
  }

  /** {@return the page that an address lies in, or null} */
  @Nullable Page pageOf(long address) {
    Map.Entry<Long, Page> below = pages.floorEntry(address);
    boolean slackToo = bug != Bug.DOES_NOT_OWN_ITS_SLACK;
    if (below != null && below.getValue().holds(address, slackToo)) {
      return below.getValue();
    }
    if (below != null
        && bug == Bug.OWNS_THE_BYTE_AFTER_ITS_MEMORY
        && below.getValue().holds(address - 1, true)) {
      return below.getValue();
    }
    if (bug == Bug.OWNS_WHAT_IT_GAVE_BACK) {
      return gone.stream().filter(page -> page.holds(address, true)).findAny().orElse(null);
    }
    return null;
  }
}
