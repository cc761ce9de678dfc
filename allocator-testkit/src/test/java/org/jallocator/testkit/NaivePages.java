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
import org.jspecify.annotations.Nullable;

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
  private final long slack;
  private Thread owner = Thread.currentThread();

  private final NaivePageTable pages;
  private final NavigableSet<Long> free = new TreeSet<>(Long::compareUnsigned);
  private final NavigableMap<Long, Long> live = new TreeMap<>(Long::compareUnsigned);
  private final NaivePageSource source;
  private long miscount;
  private boolean starved;
  private boolean closed;

  NaivePages(Allocator inner, Bug bug) {
    this.inner = inner;
    this.bug = bug;
    this.slack = Math.max(0, ALIGNMENT - inner.alignment());
    this.pages = new NaivePageTable(bug);
    this.source = new NaivePageSource(inner, bug);
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
      return new OutOfMemoryError("no memory: size=" + size + ", reserved=" + source.reserved());
    }
    long known = has(Bug.OUT_OF_MEMORY_WITHOUT_WHAT_IS_RESERVED) ? -1 : source.reserved();
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
    if (closed) {
      return ALIGNMENT; // a bug lets it come here
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
    long innerAddress = takeFromInner(innerSize);
    if (innerAddress == NULL) {
      starved = true;
      if (has(Bug.LOSES_A_BLOCK_WHEN_THE_INNER_FAILS)) {
        miscount += 1;
      }
      return false;
    }
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

  private long takeFromInner(long innerSize) {
    try {
      return source.take(innerSize);
    } catch (RuntimeException e) {
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
        && (size < 1 || size > sizeLimit(address))
        && !has(Bug.SIZED_FREE_IGNORES_THE_SIZE)) {
      throw new InvalidFreeException(NAME, address, size, BLOCK_SIZE);
    }
  }

  private long sizeLimit(long address) {
    return has(Bug.SIZED_FREE_WANTS_THE_VERY_SIZE)
        ? live.getOrDefault(address, BLOCK_SIZE)
        : BLOCK_SIZE;
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
    Long size = live.remove(block);
    if (size == null) {
      refuse(block);
      return true;
    }
    free.add(block);
    try {
      release(page);
    } catch (IllegalStateException refused) {
      if (!has(Bug.LOSES_THE_BLOCK_IF_THE_INNER_REFUSES)) {
        free.remove(block);
        live.put(block, size);
      }
      throw refused;
    }
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
    int most = has(Bug.RELEASES_A_PAGE_WITH_A_LIVE_BLOCK) ? 1 : 0;
    if (liveIn(page) <= most && pages.size() > 1) {
      NaivePageSource.rethrow(give(page));
    }
  }

  private int liveIn(Page page) {
    int liveInPage = 0;
    for (int i = 0; i < BLOCKS_PER_PAGE; i++) {
      liveInPage += live.containsKey(page.first() + i * BLOCK_SIZE) ? 1 : 0;
    }
    return liveInPage;
  }

  private @Nullable Throwable give(Page page) {
    Throwable thrown = source.give(page);
    if (!source.keeps(thrown)) {
      for (int i = 0; i < BLOCKS_PER_PAGE; i++) {
        free.remove(page.first() + i * BLOCK_SIZE);
        live.remove(page.first() + i * BLOCK_SIZE);
      }
      pages.remove(page);
    }
    return thrown;
  }

  @Override
  public long trim() {
    if (!has(Bug.TRIMS_FOR_OTHER_THREADS)) {
      requireUsable(false);
    }
    long before = source.reserved();
    int most = has(Bug.TRIM_GIVES_BACK_LIVE_BLOCKS) ? 1 : 0;
    int least = has(Bug.TRIM_KEEPS_A_PAGE) ? 1 : 0;
    for (Page page : pages.pages()) {
      if (liveIn(page) <= most && pages.size() > least) {
        NaivePageSource.rethrow(give(page));
      }
    }
    return before - source.reserved() + (has(Bug.TRIM_SAYS_TOO_MUCH) ? 1 : 0);
  }

  private boolean isIntruder() {
    if (!owner.isAlive() && !has(Bug.IS_STUCK_WHEN_ITS_OWNER_HAS_ENDED)) {
      owner = Thread.currentThread();
    }
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
    if (has(Bug.STATS_ARE_CONFINED) && isIntruder()) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
    long slackless = has(Bug.RESERVED_LACKS_THE_SLACK) ? pages.size() * slack : 0;
    boolean miscountsBytes = has(Bug.COUNTS_REQUESTED_BYTES_AT_MALLOC_ONLY);
    return new AllocatorStats(
        live.size()
            + (has(Bug.COUNTS_ONE_LIVE_BLOCK_TOO_MANY) ? 1 : 0)
            + (miscountsBytes ? 0 : miscount),
        miscountsBytes ? miscount : live.size() * BLOCK_SIZE,
        source.reserved() - slackless + (closed ? miscountClosed() : 0),
        source.peak(),
        source.innerMallocs(),
        source.innerFrees());
  }

  private long miscountClosed() {
    return has(Bug.CLOSED_STATS_KEEP_WHAT_WAS_RESERVED) ? BLOCK_SIZE : 0;
  }

  @Override
  public long goodSize(long size) {
    if ((size < 1 || size > BLOCK_SIZE) && !has(Bug.GOOD_SIZE_TAKES_ANY_SIZE)) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", BLOCK_SIZE);
    }
    return has(Bug.GOOD_SIZE_IS_TOO_MUCH) ? BLOCK_SIZE + ALIGNMENT : BLOCK_SIZE;
  }

  @Override
  public long[] liveAddresses(int limit) {
    requireOwner();
    NavigableSet<Long> named =
        has(Bug.NAMES_FREE_BLOCKS_AS_LIVE) && !free.isEmpty() ? free : live.navigableKeySet();
    int most = has(Bug.NAMES_ONE_BLOCK_TOO_FEW) ? limit - 1 : limit;
    return named.stream().limit(Math.max(0, most)).mapToLong(Long::longValue).toArray();
  }

  private void requireOwner() {
    if (isIntruder()) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
  }

  @Override
  public void closeAndRelease() {
    requireOwner();
    LeakException leak = live.isEmpty() ? null : leak();
    if (has(Bug.RELEASE_KEEPS_PAGES_WITH_LIVE_BLOCKS)) {
      pages.pages().stream().filter(page -> liveIn(page) > 0).forEach(pages::remove);
    }
    live.clear();
    if (has(Bug.RELEASE_STAYS_OPEN) && leak != null) {
      pages.pages().forEach(this::give);
      throw leak;
    }
    close();
    if (leak != null && !has(Bug.RELEASE_IS_SILENT_ABOUT_LEAKS)) {
      throw leak;
    }
  }

  private LeakException leak() {
    return new LeakException(NAME, live.size(), live.size() * BLOCK_SIZE, firstFew());
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
        pages.pages().forEach(source::give);
      }
      throw leak();
    }
    Throwable first = giveAll();
    closed = first == null || pages.size() == 0;
    NaivePageSource.rethrow(first);
    if (has(Bug.CLOSE_CLOSES_THE_INNER)) {
      inner.close();
    }
  }

  private @Nullable Throwable giveAll() {
    Throwable first = null;
    for (Page page : pages.pages().stream().skip(has(Bug.CLOSE_KEEPS_A_PAGE) ? 1 : 0).toList()) {
      Throwable thrown = has(Bug.CLOSE_FREES_PAGES_AGAIN) ? source.give(page) : give(page);
      if (first == null) {
        first = thrown;
      } else if (thrown != null && thrown != first) {
        first.addSuppressed(thrown);
      }
    }
    return first;
  }

  private long[] firstFew() {
    NavigableSet<Long> named =
        has(Bug.LEAK_NAMES_FREE_BLOCKS) && free.size() >= live.size()
            ? free
            : live.navigableKeySet();
    return named.stream().limit(LeakException.MAX_ADDRESSES).mapToLong(Long::longValue).toArray();
  }
}
