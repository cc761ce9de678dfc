package org.jallocator.testkit;

import org.jallocator.Allocator;
import org.jallocator.testkit.NaivePageTable.Page;
import org.jspecify.annotations.Nullable;

/**
 * What {@link NaivePages} takes from its inner and gives back, counted; and the place to plant bugs
 * about that.
 */
final class NaivePageSource {

  private final Allocator inner;
  private final Bug bug;
  private long reserved;
  private long peak;
  private long innerMallocs;
  private long innerFrees;

  NaivePageSource(Allocator inner, Bug bug) {
    this.inner = inner;
    this.bug = bug;
  }

  long reserved() {
    return reserved;
  }

  long peak() {
    return bug == Bug.PEAK_IS_WHAT_IS_RESERVED_NOW ? reserved : peak;
  }

  long innerMallocs() {
    return innerMallocs;
  }

  long innerFrees() {
    return bug == Bug.COUNTS_NO_INNER_FREES ? 0 : innerFrees;
  }

  /** {@return memory of the inner, or NULL} */
  long take(long innerSize) {
    if (bug == Bug.COUNTS_A_PAGE_THAT_IT_DID_NOT_GET) {
      reserved += innerSize;
    }
    long innerAddress = ask(innerSize);
    if (innerAddress == Allocator.NULL) {
      return innerAddress;
    }
    if (bug != Bug.COUNTS_A_PAGE_THAT_IT_DID_NOT_GET) {
      reserved += innerSize;
    }
    peak = Math.max(peak, reserved);
    innerMallocs++;
    return innerAddress;
  }

  private long ask(long innerSize) {
    try {
      return inner.tryMalloc(innerSize);
    } catch (RuntimeException e) {
      if (bug == Bug.SWALLOWS_THE_INNERS_EXCEPTION) {
        return Allocator.NULL;
      }
      throw e;
    }
  }

  /**
   * Gives a page back.
   *
   * @return what the inner threw, or null; the page is gone, but not after an IllegalStateException
   */
  @Nullable Throwable give(Page page) {
    Throwable thrown = null;
    try {
      if (bug != Bug.FORGETS_A_PAGE || innerFrees != 2) {
        inner.free(
            bug == Bug.FREES_A_PAGE_BY_ITS_ALIGNED_ADDRESS ? page.first() : page.innerAddress(),
            page.innerSize());
      }
    } catch (RuntimeException | Error e) {
      thrown = e;
    }
    if (keeps(thrown)) {
      return thrown;
    }
    reserved -= page.innerSize();
    innerFrees++;
    return bug == Bug.SWALLOWS_WHAT_THE_INNERS_FREE_THROWS ? null : thrown;
  }

  /** {@return whether a page is still held after what the inner threw} */
  boolean keeps(@Nullable Throwable thrown) {
    if (thrown == null) {
      return false;
    }
    if (thrown instanceof IllegalStateException) {
      return bug != Bug.FORGETS_A_PAGE_THAT_THE_INNER_REFUSES;
    }
    return bug == Bug.KEEPS_A_PAGE_THAT_THE_INNER_THREW_AT;
  }

  static void rethrow(@Nullable Throwable thrown) {
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
  }
}
