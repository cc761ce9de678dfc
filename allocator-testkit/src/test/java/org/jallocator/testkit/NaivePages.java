package org.jallocator.testkit;

import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.testkit.NaivePageTable.Page;

/**
 * A reference allocator for the tests of the contract: blocks of one size cut from pages, with maps
 * for books, as plain as can be; and the place to plant bugs.
 */
final class NaivePages implements OwningAllocator {

  static final long BLOCK_SIZE = 96;
  static final long ALIGNMENT = 32;

  private static final String NAME = "naive";
  private static final int BLOCKS_PER_PAGE = 5;

  private final Allocator inner;
  private final Bug bug;
  private final Thread owner = Thread.currentThread();
  private final long slack;

  private final NaivePageTable pages;
  private final NavigableSet<Long> free = new TreeSet<>(Long::compareUnsigned);
  private final NavigableMap<Long, Long> live = new TreeMap<>(Long::compareUnsigned);
  private long reserved;
  private long peak;
  private long innerMallocs;
  private long innerFrees;
  private long miscount;
  private boolean starved;
  private boolean closed;

  NaivePages(Allocator inner, Bug bug) {
    this.inner = inner;
    this.bug = bug;
    this.slack = Math.max(0, ALIGNMENT - inner.alignment());
    this.pages = new NaivePageTable(bug);
  }

  private boolean has(Bug planted) {
    return bug == planted;
  }

  @Override
  public long malloc(long size) {
    requireUsable(true);
    if (size > BLOCK_SIZE && !has(Bug.SERVES_MORE_THAN_MAX_SIZE)) {
      if (has(Bug.MESSAGE_WITHOUT_THE_SIZE)) {
        throw new IllegalArgumentException("naive: size exceeds maxSize");
      }
      IllegalArgumentException e = AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", BLOCK_SIZE);
      throw has(Bug.MESSAGE_ENDS_WITH_A_FULL_STOP)
          ? new IllegalArgumentException(e.getMessage() + ".")
          : e;
    }
    if (size < 1 && !(size == 0 && has(Bug.SERVES_SIZE_ZERO))) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
    long address;
    try {
      address = take(size);
    } catch (OutOfMemoryError e) {
      throw outOfMemory(size);
    }
    if (address == NULL && !has(Bug.MALLOC_RETURNS_NULL_WITHOUT_MEMORY)) {
      throw outOfMemory(size);
    }
    return address;
  }

  private OutOfMemoryError outOfMemory(long size) {
    if (has(Bug.OUT_OF_MEMORY_WITHOUT_THE_LAYER)) {
      return new OutOfMemoryError("no memory: size=" + size + ", reserved=" + reserved);
    }
    long known = has(Bug.OUT_OF_MEMORY_WITHOUT_WHAT_IS_RESERVED) ? -1 : reserved;
    return AllocatorErrors.outOfMemory(NAME, size, known, null);
  }

  @Override
  public long tryMalloc(long size) {
    requireUsable(true);
    if (size < 1 && !has(Bug.TRY_MALLOC_SERVES_NEGATIVE_SIZES)) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
    if (size > BLOCK_SIZE) {
      if (has(Bug.TRY_MALLOC_THROWS_ABOVE_MAX_SIZE)) {
        throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", BLOCK_SIZE);
      }
      return NULL;
    }
    try {
      return take(size);
    } catch (OutOfMemoryError e) {
      if (has(Bug.TRY_MALLOC_LETS_THE_INNERS_ERROR_THROUGH)) {
        throw e;
      }
      return NULL;
    }
  }

  private long take(long size) {
    if (size == BLOCK_SIZE && has(Bug.REFUSES_MAX_SIZE_ITSELF)) {
      return NULL;
    }
    if (free.isEmpty() && !addPage()) {
      return NULL;
    }
    long address = free.pollFirst();
    live.put(address, size);
    if (has(Bug.COUNTS_REQUESTED_BYTES_AT_MALLOC_ONLY)) {
      miscount += size;
    }
    return address;
  }

  private boolean addPage() {
    if (starved && has(Bug.NEVER_ASKS_AGAIN_AFTER_A_FAILURE)) {
      return false;
    }
    long innerSize = BLOCKS_PER_PAGE * BLOCK_SIZE;
    if (!has(Bug.ALIGNS_WITHOUT_ASKING_FOR_SLACK)) {
      innerSize += slack;
    }
    if (has(Bug.COUNTS_A_PAGE_THAT_IT_DID_NOT_GET)) {
      reserved += innerSize;
    }
    long innerAddress = askInner(innerSize);
    if (innerAddress == NULL) {
      starved = true;
      if (has(Bug.LOSES_A_BLOCK_WHEN_THE_INNER_FAILS)) {
        miscount += 1;
      }
      return false;
    }
    if (!has(Bug.COUNTS_A_PAGE_THAT_IT_DID_NOT_GET)) {
      reserved += innerSize;
    }
    peak = Math.max(peak, reserved);
    innerMallocs++;
    long first =
        has(Bug.DOES_NOT_ALIGN_BY_HAND)
            ? innerAddress
            : (innerAddress + ALIGNMENT - 1) & -ALIGNMENT;
    pages.add(new Page(innerAddress, innerSize, first, BLOCKS_PER_PAGE * BLOCK_SIZE));
    long stride = has(Bug.BLOCKS_OVERLAP) ? BLOCK_SIZE - ALIGNMENT : BLOCK_SIZE;
    for (int i = 0; i < BLOCKS_PER_PAGE; i++) {
      free.add(first + i * stride);
    }
    return true;
  }

  private long askInner(long innerSize) {
    try {
      return inner.tryMalloc(innerSize);
    } catch (RuntimeException e) {
      if (has(Bug.SWALLOWS_THE_INNERS_EXCEPTION)) {
        return NULL;
      }
      if (has(Bug.IS_BROKEN_AFTER_THE_INNERS_EXCEPTION)) {
        miscount += BLOCKS_PER_PAGE;
      }
      throw e;
    }
  }

  @Override
  public void free(long address) {
    requireUsable(false);
    if (address == NULL && has(Bug.FREE_OF_NULL_THROWS)) {
      throw new InvalidFreeException(Reason.FOREIGN, NAME, address);
    }
    if (address != NULL && !giveBack(address)) {
      if (has(Bug.PASSES_FOREIGN_FREES_ON)) {
        inner.free(address);
      } else if (!has(Bug.IGNORES_FOREIGN_FREES)) {
        throw new InvalidFreeException(Reason.FOREIGN, NAME, address);
      }
    }
  }

  @Override
  public void free(long address, long size) {
    requireUsable(false);
    if (has(Bug.ACCEPTS_SIZED_DOUBLE_FREES) && free.contains(address)) {
      return;
    }
    if (has(Bug.SIZED_FREE_CHECKS_AFTER_FREEING)) {
      free(address);
      checkSize(address, size);
    } else {
      checkSize(address, size);
      free(address);
    }
  }

  @Override
  public boolean tryFree(long address) {
    requireUsable(false);
    if (has(Bug.TRY_FREE_FREES_NOTHING)) {
      return owns(address);
    }
    if (address == NULL) {
      return has(Bug.OWNS_NULL);
    }
    return giveBack(address) || has(Bug.TRY_FREE_IS_TRUE_FOR_FOREIGN);
  }

  @Override
  public boolean tryFree(long address, long size) {
    requireUsable(false);
    if (!owns(address)) {
      if (has(Bug.TRY_FREE_CHECKS_THE_SIZE_OF_FOREIGN_MEMORY)) {
        checkSize(address, size);
      }
      return false;
    }
    free(address, size);
    return true;
  }

  private void checkSize(long address, long size) {
    if (address != NULL
        && (size < 1 || size > BLOCK_SIZE)
        && !has(Bug.SIZED_FREE_IGNORES_THE_SIZE)) {
      throw new InvalidFreeException(NAME, address, size, BLOCK_SIZE);
    }
  }

  @Override
  public boolean owns(long address) {
    if (has(Bug.OWNS_AFTER_CLOSE) && closed) {
      return false;
    }
    if (!has(Bug.LETS_OTHER_THREADS_ASK_WHAT_IT_OWNS)) {
      requireUsable(false);
    }
    if (address == NULL) {
      return has(Bug.OWNS_NULL);
    }
    return pages.pageOf(address) != null;
  }

  private boolean giveBack(long address) {
    Page page = pages.pageOf(address);
    if (page == null) {
      return false;
    }
    long around = address - Long.remainderUnsigned(address - page.first(), BLOCK_SIZE);
    long block = has(Bug.ACCEPTS_INTERIOR_FREES) ? around : address;
    if (has(Bug.ACCEPTS_THE_LAST_BYTE_OF_A_BLOCK) && live.containsKey(address - BLOCK_SIZE + 1)) {
      block = address - BLOCK_SIZE + 1;
    }
    Long asked = has(Bug.ACCEPTS_FREES_BEHIND_WHAT_WAS_ASKED_FOR) ? live.get(around) : null;
    if (asked != null && address - around >= asked) {
      block = around;
    }
    if (live.remove(block) == null) {
      refuse(block);
      return true;
    }
    free.add(block);
    release(page);
    return true;
  }

  private void refuse(long address) {
    if (!free.contains(address)) {
      throw new InvalidFreeException(Reason.NOT_A_BLOCK, NAME, address);
    }
    if (has(Bug.COUNTS_A_REFUSED_DOUBLE_FREE)) {
      miscount--;
    }
    if (!has(Bug.ACCEPTS_DOUBLE_FREES)) {
      throw new InvalidFreeException(
          has(Bug.CALLS_A_DOUBLE_FREE_NO_BLOCK) ? Reason.NOT_A_BLOCK : Reason.DOUBLE_FREE,
          NAME,
          address);
    }
  }

  /** Gives a page back whose blocks are all free, unless it is the only one. */
  private void release(Page page) {
    int stillLive = 0;
    for (int i = 0; i < BLOCKS_PER_PAGE; i++) {
      stillLive += live.containsKey(page.first() + i * BLOCK_SIZE) ? 1 : 0;
    }
    if (stillLive <= (has(Bug.RELEASES_A_PAGE_WITH_A_LIVE_BLOCK) ? 1 : 0) && pages.size() > 1) {
      for (int i = 0; i < BLOCKS_PER_PAGE; i++) {
        free.remove(page.first() + i * BLOCK_SIZE);
      }
      giveToInner(page);
      pages.remove(page);
    }
  }

  private void giveToInner(Page page) {
    reserved -= page.innerSize();
    innerFrees++;
    if (!has(Bug.FORGETS_A_PAGE) || innerFrees != 3) {
      inner.free(
          has(Bug.FREES_A_PAGE_BY_ITS_ALIGNED_ADDRESS) ? page.first() : page.innerAddress(),
          page.innerSize());
    }
  }

  private boolean isIntruder() {
    return Thread.currentThread() != owner && !has(Bug.SERVES_EVERY_THREAD_THOUGH_CONFINED);
  }

  private void requireUsable(boolean serving) {
    if (isIntruder()) {
      throw has(Bug.WRONG_THREAD_WITHOUT_NAMES)
          ? new IllegalStateException("naive: wrong thread")
          : AllocatorErrors.wrongThread(NAME, owner);
    }
    if (closed && !(serving && has(Bug.SERVES_AFTER_CLOSE))) {
      throw AllocatorErrors.closed(NAME);
    }
  }

  @Override
  public long maxSize() {
    if (has(Bug.MAX_SIZE_IS_CONFINED) && Thread.currentThread() != owner) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
    return closed && has(Bug.MAX_SIZE_CHANGES_AT_CLOSE) ? 0 : BLOCK_SIZE;
  }

  @Override
  public long alignment() {
    return ALIGNMENT;
  }

  @Override
  public boolean isShared() {
    return false;
  }

  @Override
  public AllocatorStats stats() {
    if (isIntruder()) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
    long slackless = has(Bug.RESERVED_LACKS_THE_SLACK) ? pages.size() * slack : 0;
    boolean miscountsBytes = has(Bug.COUNTS_REQUESTED_BYTES_AT_MALLOC_ONLY);
    return new AllocatorStats(
        live.size()
            + (has(Bug.COUNTS_ONE_LIVE_BLOCK_TOO_MANY) ? 1 : 0)
            + (miscountsBytes ? 0 : miscount),
        miscountsBytes ? miscount : live.size() * BLOCK_SIZE,
        reserved - slackless,
        has(Bug.PEAK_IS_WHAT_IS_RESERVED_NOW) ? reserved : peak,
        innerMallocs,
        has(Bug.COUNTS_NO_INNER_FREES) ? 0 : innerFrees);
  }

  @Override
  public void close() {
    if (isIntruder()) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
    if (closed && has(Bug.CLOSE_THROWS_THE_SECOND_TIME)) {
      throw AllocatorErrors.closed(NAME);
    }
    if (closed && !has(Bug.CLOSE_FREES_PAGES_AGAIN)) {
      return;
    }
    if (!live.isEmpty() && !has(Bug.CLOSE_IGNORES_LEAKS)) {
      closed = has(Bug.CLOSED_BY_A_REFUSED_CLOSE);
      if (has(Bug.CLOSE_RELEASES_WHAT_LEAKS)) {
        pages.pages().forEach(this::giveToInner);
      }
      throw new LeakException(NAME, live.size(), live.size() * BLOCK_SIZE, firstFew());
    }
    closed = true;
    pages.pages().stream().skip(has(Bug.CLOSE_KEEPS_A_PAGE) ? 1 : 0).forEach(this::giveToInner);
    if (has(Bug.CLOSED_STATS_KEEP_WHAT_WAS_RESERVED)) {
      reserved += BLOCK_SIZE;
    }
    if (!has(Bug.CLOSE_FREES_PAGES_AGAIN)) {
      pages.clear();
    }
    if (has(Bug.CLOSE_CLOSES_THE_INNER)) {
      inner.close();
    }
  }

  private long[] firstFew() {
    NavigableSet<Long> named =
        has(Bug.LEAK_NAMES_FREE_BLOCKS) && free.size() >= live.size()
            ? free
            : live.navigableKeySet();
    return named.stream().limit(LeakException.MAX_ADDRESSES).mapToLong(Long::longValue).toArray();
  }
}
