package org.jallocator.large;

import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * One part of an allocator's blocks: their books, the lock of these, and the calls of the inner. A
 * confined allocator has one stripe; a shared one has several, so that threads rarely meet at a
 * lock. Each held block is in the books of one stripe.
 *
 * <p>The lock is not held during a call of the inner.
 *
 * <p>No error can leave it locked. A block on its way to or from the inner is in no list, and
 * {@code calls} counts it:
 *
 * <pre>
 *   malloc   locked: take a vacant slot, calls + 1     inner.malloc     locked: the block is kept,
 *                                                                       calls - 1; then taken from there
 *   free     locked: detach the block, calls + 1       inner.free       locked: the slot is vacant,
 *                                                                       calls - 1
 * </pre>
 *
 * <p>What follows a call of the inner is done in the method that made the call, without another
 * call before the block stands in the books, so that a StackOverflowError can lose none. This is
 * why some lines stand here that would be a method of {@link Books} otherwise.
 *
 * <p><b>An inner whose free throws.</b> An IllegalStateException or IllegalArgumentException says
 * that it took nothing, and a StackOverflowError of one that is {@link StackChecked}: the block is
 * held as before. If anything else is thrown, the block is dropped from the books: it is never used
 * and never given back again. So is a kept block that the inner refuses with an
 * InvalidFreeException, because another caller freed it.
 */
class Stripe extends BriefLock {

  /** What may be done. */
  enum State {
    OPEN,
    CLOSING,
    CLOSED
  }

  static {
    AllocatorEvents.areHeard(); // initializes the class now: at the end of a stack it fails
  }

  private static final long NULL = Allocator.NULL;

  private final Allocator inner;

  /** Under the lock, but for what its class says of figures. */
  final Books books;

  private final Reserved reserved;
  private final long addressMask;

  /** Under the lock. */
  State state = State.OPEN;

  /** The thread that closes while the state is CLOSING; under the lock. */
  @Nullable Thread closer;

  /** How many threads are on their way to, in or from the inner; under the lock. */
  long calls;

  /** How many blocks were dropped, as the inner's free failed; under the lock. */
  private long drops;

  /**
   * Makes a stripe without a block.
   *
   * @param reserved the figures of all stripes
   * @param alignment what every address is a multiple of, in bytes
   */
  Stripe(Allocator inner, Books books, Reserved reserved, long alignment) {
    this.inner = inner;
    this.books = books;
    this.reserved = reserved;
    this.addressMask = -alignment;
  }

  /** To be called under the lock. */
  final void requireOpen() {
    if (state != State.OPEN) {
      throw AllocatorErrors.closed(LargeBlockAllocator.NAME);
    }
  }

  private boolean isOpenToCaller() {
    return state == State.OPEN || (state == State.CLOSING && closer == Thread.currentThread());
  }

  /** {@return a number that is another one once a block was dropped} */
  final long drops() {
    lock();
    try {
      return drops;
    } finally {
      locked = 0;
    }
  }

  /**
   * {@return a kept block, or else a new one, or NULL iff the inner has no memory}
   *
   * @throws OutOfMemoryError as the inner throws it
   */
  final long take(long size) {
    StackRoom.require(); // for the listeners, which are called when the block is taken
    int ring = SizeClasses.of(size);
    long bytes = books.bytes(size);
    int slot;
    lock();
    try {
      requireOpen();
      long address = books.take(size);
      if (address != NULL) {
        return address;
      }
      slot = books.takeVacant();
      calls++;
    } finally {
      locked = 0;
    }
    long start = NULL;
    boolean refused = false;
    try {
      start = inner.tryMalloc(bytes);
      refused = start == NULL;
    } catch (OutOfMemoryError e) {
      refused = true;
      throw e;
    } finally {
      if (start == NULL) {
        lock();
        try {
          books.older[slot] = books.vacant;
          books.vacant = slot;
          calls--;
        } finally {
          locked = 0;
        }
      }
      if (refused) {
        AllocatorEvents.innerRefused(LargeBlockAllocator.NAME, bytes);
      }
    }
    if (start == NULL) {
      return NULL;
    }
    try {
      lock();
      try {
        Books books = this.books;
        Reserved reserved = this.reserved;
        reserved.lock();
        // No call until the block is kept.
        boolean wasStale = books.stale;
        books.stale = true;
        books.start[slot] = start;
        books.address[slot] = (start + ~addressMask) & addressMask;
        books.asked[slot] = -size;
        int newest = books.older[ring];
        books.older[slot] = newest;
        books.newer[slot] = ring;
        books.newer[newest] = slot;
        books.older[ring] = slot;
        books.since[slot] = books.clock++;
        books.kept += bytes;
        long held = reserved.bytes + bytes;
        if (held > reserved.peakBytes) {
          reserved.peakBytes = held;
        }
        reserved.bytes = held; // after the peak, as LargeMemory.stats reads it before
        long mallocs = reserved.innerMallocs;
        reserved.innerMallocs = mallocs + 1;
        reserved.locked = 0;
        calls--;
        books.enter(slot, wasStale);
        requireOpen();
        return books.take(size);
      } finally {
        locked = 0;
      }
    } finally {
      AllocatorEvents.pageTaken(LargeBlockAllocator.NAME, start, bytes);
    }
  }

  /**
   * Gives one block back to the inner.
   *
   * @param chosen the slot of a live block; or NONE for the block that was kept longest
   * @param address the live block's address
   * @param until a time: blocks that were freed then or later are not given back
   * @return the bytes; 0 iff there is no such block (any more), or another thread closes or has
   *     closed
   */
  final long giveBack(int chosen, long address, long until) {
    StackRoom.requireForInner(); // else a block would be dropped that the inner was not asked for
    int slot;
    long asked;
    long start;
    long bytes;
    int ring;
    lock();
    try {
      if (!isOpenToCaller()) {
        return 0;
      }
      slot = chosen == Books.NONE ? books.oldest() : chosen;
      asked = books.asked[slot];
      if (chosen == Books.NONE
          ? slot == Books.NONE || books.since[slot] >= until
          : asked <= 0 || books.address[slot] != address) {
        return 0;
      }
      start = books.start[slot];
      bytes = books.bytes(Math.abs(asked));
      ring = SizeClasses.of(Math.abs(asked));
      reserved.lock();
      try {
        books.detach(slot);
        // Before the inner has it: another thread may take the same memory from the inner at once,
        // and the peak must not count it twice.
        long held = reserved.bytes;
        reserved.bytes = held - bytes;
        calls++;
      } finally {
        reserved.locked = 0;
      }
    } finally {
      locked = 0;
    }
    boolean taken = false;
    boolean refused = false;
    try {
      inner.free(start, bytes);
      taken = true;
    } catch (InvalidFreeException e) {
      refused = asked > 0;
      throw e;
    } catch (RuntimeException | Error e) {
      refused = StackChecked.tookNothing(inner, e);
      throw e;
    } finally {
      lock();
      try {
        Books books = this.books;
        Reserved reserved = this.reserved;
        reserved.lock();
        // No call from here on.
        if (refused) {
          books.stale = true;
          books.asked[slot] = asked;
          long held = reserved.bytes + bytes;
          if (held > reserved.peakBytes) {
            reserved.peakBytes = held;
          }
          reserved.bytes = held;
          if (asked < 0) {
            int newest = books.older[ring];
            books.older[slot] = newest;
            books.newer[slot] = ring;
            books.newer[newest] = slot;
            books.older[ring] = slot;
            books.since[slot] = books.clock++;
            books.kept += bytes;
          }
        } else {
          books.address[slot] = NULL;
          books.older[slot] = books.vacant;
          books.vacant = slot;
          if (asked > 0) {
            long live = books.liveBlocks;
            books.liveBlocks = live - 1;
            live = books.liveBytes;
            books.liveBytes = live - bytes + books.padding;
          }
          if (taken) {
            long frees = reserved.innerFrees;
            reserved.innerFrees = frees + 1;
          } else {
            drops++;
          }
        }
        reserved.locked = 0;
        calls--;
      } finally {
        locked = 0;
      }
    }
    AllocatorEvents.pageReturned(LargeBlockAllocator.NAME, start, bytes);
    return bytes;
  }
}
