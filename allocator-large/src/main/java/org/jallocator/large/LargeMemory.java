package org.jallocator.large;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.large.Stripe.State;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a large-block allocator: malloc and free, and which block goes back to the inner
 * when.
 *
 * <p>All that is done to the books of a stripe here is done under its lock, and the inner is called
 * without one. A malloc takes a kept block of its thread's home stripe, else one of another stripe,
 * which it moves to its home, else a new one. A free looks for the block in the home stripe first.
 * A live block does not change its stripe; that of a kept one may, and whoever finds it nowhere
 * searches again if blocks were moved meanwhile.
 */
final class LargeMemory {

  private static final String NAME = LargeBlockAllocator.NAME;
  private static final long NULL = Allocator.NULL;

  private final Allocator inner;
  private final Stripes stripes;
  private final Reserved reserved;
  private final Closing closing;
  private final long retain;
  private final boolean isStackChecked;

  /**
   * Makes the memory of a new allocator.
   *
   * @param count how many stripes it has
   * @param lengths the bytes that a block of each class has for the user
   * @param padding bytes that each block has beyond its length
   * @param retain bytes to keep at the most
   * @param alignment what every address is a multiple of, in bytes
   */
  LargeMemory(
      Allocator inner, int count, long[] lengths, long padding, long retain, long alignment) {
    this.inner = inner;
    this.reserved = new Reserved();
    this.stripes = new Stripes(count, inner, reserved, lengths, padding, retain, alignment);
    this.closing = new Closing(stripes, reserved);
    this.retain = retain;
    this.isStackChecked = StackChecked.is(inner);
  }

  /** {@return the books of the only stripe} */
  Books books() {
    return stripes.all()[0].books;
  }

  /** {@return a kept block of the home stripe, or NULL iff there is none or this is not open} */
  long take(long size) {
    Stripe home = stripes.home();
    home.lock();
    try {
      return home.state == State.OPEN ? home.books.take(size) : NULL;
    } finally {
      home.locked = 0;
    }
  }

  /** {@return whether a live block of the home stripe was found, and is kept now} */
  boolean keep(long address) {
    Stripe home = stripes.home();
    home.lock();
    try {
      return home.state == State.OPEN && home.books.keep(home.books.find(address));
    } finally {
      home.locked = 0;
    }
  }

  /** As {@link #keep(long)}, if the block was asked for with that size. */
  boolean keep(long address, long size) {
    Stripe home = stripes.home();
    home.lock();
    try {
      Books books = home.books;
      int slot = books.find(address);
      return home.state == State.OPEN && books.asked[slot] == size && books.keep(slot);
    } finally {
      home.locked = 0;
    }
  }

  /**
   * {@return a block, kept or new, or NULL iff the inner has no memory, also after all that is kept
   * went back}
   *
   * @throws OutOfMemoryError as the inner throws it
   */
  long serve(long size) {
    StackRoom.require(); // else a block could be lost on its way from one stripe to another
    Stripe home = stripes.home();
    OutOfMemoryError error = null;
    try {
      long address = stripes.takeElsewhere(home, size);
      if (address != NULL) {
        return address;
      }
      address = home.take(size);
      if (address != NULL) {
        return address;
      }
    } catch (OutOfMemoryError e) {
      error = e;
    }
    if (stripes.giveKeptBack() > 0) {
      return home.take(size);
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
    Stripe home = stripes.home();
    long moves;
    do {
      moves = stripes.moves();
      if (free(home, address, size, sized)) {
        return true;
      }
      for (Stripe stripe : stripes.all()) {
        if (stripe != home && free(stripe, address, size, sized)) {
          return true;
        }
      }
    } while (moves != stripes.moves());
    return false;
  }

  private boolean free(Stripe stripe, long address, long size, boolean sized) {
    while (true) {
      Books books = stripe.books;
      int slot;
      long asked;
      InvalidFreeException invalid;
      stripe.lock();
      try {
        stripe.requireOpen();
        slot = books.findSurely(address);
        if (slot == Books.NONE && !books.holds(address)) {
          return false;
        }
        invalid = invalid(books, slot, address, size, sized);
        if (invalid == null && books.keep(slot)) {
          return true;
        }
        asked = books.asked[slot];
      } finally {
        stripe.locked = 0;
      }
      if (invalid != null) {
        throw AllocatorEvents.invalidFree(NAME, invalid);
      }
      boolean freed =
          books.bytes(asked) <= retain
              ? keepOrMakeRoom(stripe, slot, address, asked)
              : stripe.giveBack(slot, address, 0) != 0;
      if (freed) {
        return true;
      }
    }
  }

  /** {@return why a free of held memory is refused, or null} To be called under the lock. */
  private static @Nullable InvalidFreeException invalid(
      Books books, int slot, long address, long size, boolean sized) {
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

  /** {@return whether a live block is kept now} If not, the oldest kept one may have gone back. */
  private boolean keepOrMakeRoom(Stripe stripe, int slot, long address, long asked) {
    StackRoom.requireForStack(); // for giveBack too
    if (stripes.keepByLoan(stripe, slot, address, asked)) {
      return true;
    }
    Stripe oldest = stripes.oldest();
    if (oldest == null) {
      return false; // all was taken meanwhile
    }
    long drops = oldest.drops();
    try {
      oldest.giveBack(Books.NONE, NULL, Long.MAX_VALUE);
    } catch (RuntimeException | Error e) {
      if (StackChecked.tookNothing(inner, e) || oldest.drops() == drops) {
        throw e; // says that the block to be freed is what it was, or came before the inner's call
      }
      stripe.lock();
      try {
        if (stripe.state == State.OPEN && stripe.books.address[slot] == address) {
          stripe.books.keep(slot, Long.MAX_VALUE);
        }
      } finally {
        stripe.locked = 0;
      }
      throw e;
    }
    return false;
  }

  long trim() {
    for (Stripe stripe : stripes.all()) {
      stripe.lock();
      try {
        stripe.requireOpen();
      } finally {
        stripe.locked = 0;
      }
    }
    return stripes.giveKeptBack();
  }

  /** {@return whether an address lies in a held block or in its padding} */
  boolean owns(long address) {
    long moves;
    do {
      moves = stripes.moves();
      for (Stripe stripe : stripes.all()) {
        stripe.lock();
        try {
          stripe.requireOpen();
          if (stripe.books.holds(address)) {
            return true;
          }
        } finally {
          stripe.locked = 0;
        }
      }
    } while (moves != stripes.moves());
    return false;
  }

  /**
   * {@return the figures} Beside other threads the live ones are off by what is taken and freed
   * meanwhile.
   */
  AllocatorStats stats() {
    long innerFrees = reserved.innerFrees; // read first: else frees could exceed mallocs
    return new AllocatorStats(
        stripes.liveBlocks(),
        stripes.liveBytes(),
        reserved.bytes, // before the peak: else it could exceed that
        reserved.peakBytes,
        reserved.innerMallocs,
        innerFrees);
  }

  /** {@return whether a stack overflow comes before the first change, here and below} */
  boolean isStackChecked() {
    return isStackChecked;
  }

  long reservedBytes() {
    return reserved.bytes;
  }

  /** {@return the end of this memory, and the list of its live blocks} */
  Closing closing() {
    return closing;
  }
}
