package org.jallocator.large;

import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.large.InnerCalls.State;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a large-block allocator: which block goes back to the inner when, and closing.
 *
 * <p>All that is done to the books here is done under the lock of {@link InnerCalls}, and the inner
 * is called without it.
 *
 * <p><b>Closing.</b> Close refuses all later calls, waits for the calls of the inner that are in
 * progress and gives back what is kept. A malloc that was in the inner meanwhile leaves its block
 * among the kept ones and gets the closed error. If the inner refuses a block, all is open again.
 *
 * <p>An allocator that is confined uses this for all that calls the inner, and the books directly
 * for the rest. Its owner thread, and a thread that closes after the owner has ended, are ordered
 * by {@link Thread#isAlive} (Java Language Specification 17.4.4).
 */
final class LargeMemory {

  private static final String NAME = LargeBlockAllocator.NAME;
  private static final long NULL = Allocator.NULL;

  private final Books books;
  private final InnerCalls inner;

  /**
   * Makes the memory of a new allocator.
   *
   * @param alignment what every address is a multiple of, in bytes
   */
  LargeMemory(Allocator inner, Books books, long alignment) {
    this.books = books;
    this.inner = new InnerCalls(inner, books, alignment);
  }

  /** {@return a kept block, or NULL iff there is none for that size or this is not open} */
  long take(long size) {
    inner.lock();
    try {
      return inner.state == State.OPEN ? books.take(size) : NULL;
    } finally {
      inner.locked = 0;
    }
  }

  /** {@return whether a live block was found, and is kept now} */
  boolean keep(long address) {
    inner.lock();
    try {
      return inner.state == State.OPEN && books.keep(books.find(address));
    } finally {
      inner.locked = 0;
    }
  }

  boolean isClosed() {
    inner.lock();
    try {
      return inner.state == State.CLOSED;
    } finally {
      inner.locked = 0;
    }
  }

  /**
   * {@return a block, kept or new, or NULL iff the inner has no memory, also after all that is kept
   * went back}
   *
   * @throws OutOfMemoryError as the inner throws it
   */
  long serve(long size) {
    OutOfMemoryError error = null;
    try {
      long address = inner.take(size);
      if (address != NULL) {
        return address;
      }
    } catch (OutOfMemoryError e) {
      error = e;
    }
    if (giveKeptBack() > 0) {
      return inner.take(size);
    }
    if (error != null) {
      throw error;
    }
    return NULL;
  }

  /**
   * Takes a block back, if it is this allocator's.
   *
   * @param sized whether {@code size} is to be checked
   * @return false iff the address is not in this allocator's memory
   */
  boolean free(long address, long size, boolean sized) {
    while (true) {
      int slot;
      boolean never;
      InvalidFreeException invalid;
      inner.lock();
      try {
        inner.requireOpen();
        slot = books.findSurely(address);
        if (slot == Books.NONE && !books.holds(address)) {
          return false;
        }
        invalid = invalid(slot, address, size, sized);
        if (invalid == null && books.keep(slot)) {
          return true;
        }
        never = invalid == null && books.isNeverKept(books.asked[slot]);
      } finally {
        inner.locked = 0;
      }
      if (invalid != null) {
        throw AllocatorEvents.invalidFree(NAME, invalid);
      }
      if (!never) {
        makeRoom(slot, address);
      } else if (inner.giveBack(slot, address, 0) != 0) {
        return true;
      }
    }
  }

  /** {@return why a free of held memory is refused, or null} To be called under the lock. */
  private @Nullable InvalidFreeException invalid(int slot, long address, long size, boolean sized) {
    if (slot == Books.NONE) {
      return new InvalidFreeException(Reason.NOT_A_BLOCK, NAME, address);
    }
    long asked = books.asked[slot];
    if (asked < 0) {
      return new InvalidFreeException(Reason.DOUBLE_FREE, NAME, address);
    }
    return sized && (size < asked || size > books.length(asked))
        ? new InvalidFreeException(NAME, address, size, asked)
        : null;
  }

  /** Gives the oldest kept block back, to make room for one that is live until then. */
  private void makeRoom(int slot, long address) {
    try {
      inner.giveBack(Books.NONE, NULL, Long.MAX_VALUE);
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw e; // says that the block to be freed is what it was
    } catch (RuntimeException | Error e) {
      inner.lock();
      try {
        if (inner.state == State.OPEN && books.address[slot] == address) {
          books.keep(slot, Long.MAX_VALUE);
        }
      } finally {
        inner.locked = 0;
      }
      throw e;
    }
  }

  long trim() {
    inner.lock();
    try {
      inner.requireOpen();
    } finally {
      inner.locked = 0;
    }
    return giveKeptBack();
  }

  /**
   * Gives back what is kept now. If the inner throws, the rest still goes back, and its first
   * exception is thrown then; an Error is thrown at once, as the next call would most likely fail
   * as well and drop another block.
   */
  private long giveKeptBack() {
    long until;
    inner.lock();
    try {
      until = books.clock;
    } finally {
      inner.locked = 0;
    }
    long sum = 0;
    RuntimeException first = null;
    while (true) {
      try {
        long bytes = inner.giveBack(Books.NONE, NULL, until);
        if (bytes == 0) {
          break;
        }
        sum += bytes;
      } catch (RuntimeException e) {
        first = first(first, e);
      }
    }
    if (first != null) {
      throw first;
    }
    return sum;
  }

  private void giveLiveBack() {
    RuntimeException first = null;
    int slot = Books.NONE;
    while (true) {
      long address;
      inner.lock();
      try {
        slot = books.firstLive(slot + 1);
        if (slot == Books.NONE) {
          break;
        }
        address = books.address[slot];
      } finally {
        inner.locked = 0;
      }
      try {
        inner.giveBack(slot, address, 0);
      } catch (RuntimeException e) {
        first = first(first, e);
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private static RuntimeException first(@Nullable RuntimeException first, RuntimeException next) {
    if (first == null) {
      return next;
    }
    if (first != next) {
      first.addSuppressed(next);
    }
    return first;
  }

  /** {@return whether an address lies in a held block or in its padding} */
  boolean owns(long address) {
    inner.lock();
    try {
      inner.requireOpen();
      return books.holds(address);
    } finally {
      inner.locked = 0;
    }
  }

  long[] liveAddresses(long limit) {
    inner.lock();
    try {
      return books.liveAddresses(limit);
    } finally {
      inner.locked = 0;
    }
  }

  /**
   * Closes, or does nothing if this is closed. A second thread that closes waits for the first one.
   *
   * @param releases whether live blocks go back too, instead of keeping this open
   * @throws LeakException if blocks were live
   */
  void close(boolean releases) {
    Thread caller = Thread.currentThread();
    for (int tries = 0; ; tries++) {
      LeakException leak = null;
      inner.lock();
      try {
        if (inner.state == State.CLOSED) {
          return;
        }
        if (inner.state == State.OPEN) {
          leak = releases ? null : leak();
          if (leak == null) {
            inner.closer = caller;
            inner.state = State.CLOSING;
            break;
          }
        }
      } finally {
        inner.locked = 0;
      }
      if (leak != null) {
        throw AllocatorEvents.leaked(NAME, leak);
      }
      Waiting.pause(tries);
    }
    boolean closed = false;
    try {
      awaitCalls();
      closeAlone(releases);
      closed = true;
    } finally {
      inner.lock();
      try {
        boolean emptied = releases && inner.calls == 0 && books.reservedBytes == 0;
        inner.state = closed || emptied ? State.CLOSED : State.OPEN;
        inner.closer = null;
      } finally {
        inner.locked = 0;
      }
    }
  }

  private void awaitCalls() {
    for (int tries = 0; !inner.isQuiet(); tries++) {
      Waiting.pause(tries);
    }
  }

  /** Gives everything back; no other call is in progress, and none can begin. */
  private void closeAlone(boolean releases) {
    LeakException leak;
    inner.lock();
    try {
      leak = leak();
    } finally {
      inner.locked = 0;
    }
    if (leak != null) {
      AllocatorEvents.leaked(NAME, leak);
      if (!releases) {
        throw leak; // the inner refused a block that was on its way to it
      }
    }
    try {
      giveKeptBack();
      giveLiveBack();
    } catch (RuntimeException | Error e) {
      if (leak != null) {
        e.addSuppressed(leak);
      }
      throw e;
    }
    if (leak != null) {
      throw leak;
    }
  }

  private @Nullable LeakException leak() {
    return books.liveBlocks == 0
        ? null
        : new LeakException(
            NAME,
            books.liveBlocks,
            books.liveBytes,
            books.liveAddresses(LeakException.MAX_ADDRESSES));
  }
}
