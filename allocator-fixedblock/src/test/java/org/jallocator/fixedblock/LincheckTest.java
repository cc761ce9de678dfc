package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Lincheck walks through the ways in which two threads' steps can interleave, and compares what
 * each call returns with what some order of the calls, one after the other, would. What it tells of
 * the code it must tell of planted races, too.
 */
@Tag("lincheck")
final class LincheckTest {

  /** More turns than any loop has that ends: those over the 64 slots of a set of pages. */
  private static final int LOOP_BOUND = 300;

  private static ModelCheckingOptions options() {
    return new ModelCheckingOptions()
        .iterations(10)
        .invocationsPerIteration(150)
        .loopBound(LOOP_BOUND)
        .threads(2)
        .actorsBefore(2)
        .actorsPerThread(2)
        .actorsAfter(2);
  }

  @Test
  void aPageGivesEachBlockToOneAndTakesItFromOne() {
    options().check(OneBlock.class);
    options().check(TwoBlocks.class);
    options().check(FreedOnce.class);
  }

  @Test
  void ofFreesWithTheLockAndWithoutItOneWins() {
    options().check(OneBlockFreed.class);
    options().threads(3).actorsPerThread(1).check(OneBlockFreed.class);
  }

  @Test
  void aFreeThatDoesNotSayWhatItFreesIsFoundOut() {
    assertThrows(
        LincheckAssertionError.class,
        () -> options().actorsBefore(0).check(OneBlockFreedUnsaid.class));
  }

  @Test
  void aPageWhoseFoldClearsTheBitIsFoundOut() {
    assertThrows(LincheckAssertionError.class, () -> options().check(OneBlockClearing.class));
  }

  @Test
  void aSharedAllocatorOverlapsAndLosesNothing() {
    options().check(TwoStripes.class);
  }

  @Test
  void aTableFindsEveryPageThatIsThere() {
    // The first page added makes it larger: that must be among what runs at once.
    options().actorsBefore(0).iterations(50).check(Table.class);
  }

  @Test
  void aTableThatIsPublishedBeforeItIsCompleteIsFoundOut() {
    assertThrows(LincheckAssertionError.class, () -> options().check(EarlyTable.class));
  }

  private static PageLayout layout(int blocks) {
    return PageLayout.ofSizeClass(new Inventing(), 0, 64, blocks, 1);
  }

  /** One page behind one lock. Lincheck calls it, so it is public. */
  public abstract static class OnePage {

    private final StripePool pool;
    private final SharedPage page;

    OnePage(int blocks) {
      PageLayout layout = layout(blocks);
      pool = StripePool.of("test", () -> false, 0, layout);
      page = new SharedPage(layout, pool);
      page.place(Inventing.BASE, Inventing.BASE);
      pool.attach(page);
    }

    final boolean take() {
      pool.lock();
      try {
        pool.foldAll();
        return pool.takeAny() != Allocator.NULL;
      } finally {
        pool.unlock();
      }
    }

    final void fold() {
      pool.lock();
      try {
        pool.fold();
      } finally {
        pool.unlock();
      }
    }

    final boolean give(int index) {
      return page.give(index, Inventing.BASE + index * 64L) != SharedPage.Outcome.DOUBLE_FREE;
    }
  }

  /** The page of one block: every call is about the same bit. */
  public static final class OneBlock extends OnePage {

    public OneBlock() {
      super(1);
    }

    @Operation
    public boolean malloc() {
      return take();
    }

    @Operation
    public boolean free() {
      return give(0);
    }

    @Operation
    public void foldOnly() {
      fold();
    }
  }

  /** Two blocks of one word, both live at first, that may be freed while nobody takes one. */
  @Param(name = "block", gen = IntGen.class, conf = "0:1")
  public static final class TwoBlocks extends OnePage {

    public TwoBlocks() {
      super(2);
      take();
      take();
    }

    @Operation
    public boolean free(@Param(name = "block") int block) {
      return give(block);
    }

    @Operation
    public void foldOnly() {
      fold();
    }
  }

  /** Two blocks of one word, both live at first; a malloc finds each that was freed. */
  public static final class FreedOnce extends OnePage {

    public FreedOnce() {
      super(2);
      take();
      take();
    }

    @Operation(runOnce = true)
    public boolean freeFirst() {
      return give(0);
    }

    @Operation(runOnce = true)
    public boolean freeSecond() {
      return give(1);
    }

    @Operation
    public boolean malloc() {
      return take();
    }
  }

  /** The only block of an allocator, freed under the lock or, where that is taken, without it. */
  public static final class OneBlockFreed {

    private final FixedBlockAllocator block =
        FixedBlockAllocator.builder(new Inventing(1))
            .blockSize(64)
            .pageSize(64)
            .shared()
            .stripes(1)
            .build();

    public OneBlockFreed() {
      block.free(block.malloc(64)); // a malloc may not see a page that is on its way
    }

    @Operation
    public boolean malloc() {
      return block.tryMalloc(64) != Allocator.NULL;
    }

    @Operation
    public boolean free() {
      try {
        block.free(Inventing.BASE);
        return true;
      } catch (InvalidFreeException e) {
        return false;
      }
    }
  }

  /**
   * Frees as they must not be: one without the lock does not wait for one with it, which may be
   * about to free the same block.
   */
  public static final class OneBlockFreedUnsaid {

    private final AtomicInteger lock = new AtomicInteger();
    private final AtomicLong given = new AtomicLong();
    private volatile long words;

    @Operation
    public boolean free() {
      if (lock.compareAndSet(0, 1)) {
        boolean live = (words | given.get()) == 0;
        if (live) {
          words = 1;
        }
        lock.set(0);
        return live;
      }
      return (words | given.get()) == 0 && given.compareAndSet(0, 1) && words == 0;
    }
  }

  /** A page as it must not be: what is given back is a set, which a fold empties. */
  public static final class OneBlockClearing {

    private final SpinLock lock = new SpinLock();
    private final AtomicLong given = new AtomicLong();
    private volatile long words = 1;

    @Operation
    public boolean malloc() {
      lock.lock();
      try {
        words = words | given.getAndSet(0);
        boolean free = words != 0;
        words = 0;
        return free;
      } finally {
        lock.unlock();
      }
    }

    @Operation
    public void foldOnly() {
      lock.lock();
      try {
        words = words | given.getAndSet(0);
      } finally {
        lock.unlock();
      }
    }

    @Operation
    public boolean free() {
      long before;
      do {
        before = given.get();
        if ((before | words) != 0) {
          return false;
        }
      } while (!given.compareAndSet(before, 1));
      return true;
    }
  }

  /** A shared allocator whose pages have two blocks. */
  @Param(name = "slot", gen = IntGen.class, conf = "0:2")
  public static final class TwoStripes {

    private final Inventing inner = new Inventing();
    private final FixedBlockAllocator blocks =
        FixedBlockAllocator.builder(inner).blockSize(64).pageSize(128).shared().stripes(2).build();
    private final AtomicLongArray slots = new AtomicLongArray(3);

    /** How many hold each block. */
    private final AtomicLongArray holders = new AtomicLongArray(256);

    @Operation
    public boolean replace(@Param(name = "slot") int slot) {
      long address = blocks.malloc(64);
      boolean alone = holders.getAndIncrement(index(address)) == 0;
      giveBack(slots.getAndSet(slot, address));
      return alone;
    }

    @Operation
    public boolean drop(@Param(name = "slot") int slot) {
      return giveBack(slots.getAndSet(slot, 0));
    }

    private boolean giveBack(long address) {
      if (address == 0) {
        return false;
      }
      holders.getAndDecrement(index(address));
      blocks.free(address);
      return true;
    }

    private static int index(long address) {
      return (int) ((address - Inventing.BASE) >>> 6);
    }

    /** Says so where a block was lost, or a page. */
    @Validate
    public void everythingIsCounted() {
      long held = 0;
      for (int i = 0; i < slots.length(); i++) {
        held += slots.get(i) == 0 ? 0 : 1;
      }
      AllocatorStats stats = blocks.stats();
      if (stats.liveBlocks() != held || stats.reservedBytes() != inner.pages.get() * 128L) {
        throw new IllegalStateException("held=" + held + ", stats=" + stats);
      }
    }
  }

  /** A table that is about to be rebuilt, the next page needing more room than there is. */
  @Param(name = "page", gen = IntGen.class, conf = "0:2")
  public static final class Table {

    /** Of 4 windows each, they take the half of a new table's 64 entries that may be in use. */
    private static final int FILLED = 8;

    private final SpinLock lock = new SpinLock();
    private final PageTable table = new PageTable(64);
    private final Page[] pages = new Page[3];
    private final boolean[] held = new boolean[3];

    public Table() {
      for (int i = 0; i < FILLED; i++) {
        Page page = page(i);
        table.add(page);
        if (i < 1) {
          pages[i] = page;
          held[i] = true;
        }
      }
      pages[1] = page(101);
      pages[2] = page(102);
    }

    private static Page page(int number) {
      Page page = new Page(layout(1), Page.NONE.pool);
      long start = Inventing.BASE + number * 64L;
      page.place(start, start);
      return page;
    }

    @Operation
    public boolean add(@Param(name = "page") int number) {
      lock.lock();
      try {
        if (held[number]) {
          return false;
        }
        held[number] = true;
        table.add(pages[number]);
        return true;
      } finally {
        lock.unlock();
      }
    }

    @Operation
    public boolean remove(@Param(name = "page") int number) {
      lock.lock();
      try {
        if (!held[number]) {
          return false;
        }
        held[number] = false;
        table.remove(pages[number]);
        return true;
      } finally {
        lock.unlock();
      }
    }

    @Operation
    public boolean find(@Param(name = "page") int number) {
      return table.find(pages[number].start()) == pages[number];
    }
  }

  /** A table as it must not be: a larger array is in use before it is filled. */
  @Param(name = "key", gen = IntGen.class, conf = "1:3")
  public static final class EarlyTable {

    private volatile AtomicLongArray keys = new AtomicLongArray(2);
    private final AtomicInteger count = new AtomicInteger();
    private final SpinLock lock = new SpinLock();

    @Operation
    public void add(@Param(name = "key") int key) {
      lock.lock();
      try {
        AtomicLongArray old = keys;
        if (count.get() == old.length()) {
          keys = new AtomicLongArray(2 * old.length());
          for (int i = 0; i < old.length(); i++) {
            keys.set(i, old.get(i));
          }
        }
        keys.set(count.getAndIncrement(), key);
      } finally {
        lock.unlock();
      }
    }

    @Operation
    public boolean find(@Param(name = "key") int key) {
      AtomicLongArray keys = this.keys;
      for (int i = 0; i < keys.length(); i++) {
        if (keys.get(i) == key) {
          return true;
        }
      }
      return false;
    }
  }

  /** A leaf that never hands out an address twice. */
  private static final class Inventing implements Allocator {

    static final long BASE = 1 << 20;

    private final AtomicLong next = new AtomicLong(BASE);
    private final int limit;
    final AtomicInteger pages = new AtomicInteger();

    Inventing() {
      this(Integer.MAX_VALUE);
    }

    /** Makes one that hands out no more than so many pages at once. */
    Inventing(int limit) {
      this.limit = limit;
    }

    @Override
    public long malloc(long size) {
      return tryMalloc(size);
    }

    @Override
    public long tryMalloc(long size) {
      if (pages.incrementAndGet() > limit) {
        pages.decrementAndGet();
        return NULL;
      }
      return next.getAndAdd(size);
    }

    @Override
    public void free(long address) {
      pages.decrementAndGet();
    }

    @Override
    public void free(long address, long size) {
      free(address);
    }

    @Override
    public long maxSize() {
      return Long.MAX_VALUE;
    }

    @Override
    public long alignment() {
      return 64;
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public AllocatorStats stats() {
      return AllocatorStats.NOTHING_TRACKED;
    }

    @Override
    public void close() {}
  }
}
