package org.jallocator.arena;

import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorEvents;
import org.jspecify.annotations.Nullable;

/**
 * What an arena holds from its inner allocator: takes memory with enough slack to align it, gives
 * it back, and keeps count.
 *
 * <p>A superclass and not a part of the arena, so that an arena is one object: where one is made
 * for two blocks and dies, a second object costs as much as a block does.
 *
 * <pre>
 *   slack == max(0, alignment - inner.alignment)
 *   maxSize == inner.maxSize - slack
 *   reserved == sum of the inner sizes of all that was taken and is still held
 * </pre>
 *
 * <p>Memory that is given back is held no more, also if the inner threw, for it may have taken it.
 * If the inner refused (by an IllegalArgumentException or an IllegalStateException), it took
 * nothing, and the memory is still held. Where much is given back at once, what the inner throws
 * does not keep the rest: it is collected and thrown at the end.
 */
abstract class ArenaAccount {

  static {
    AllocatorEvents.areHeard(); // is initialized now, and not first where the stack ends
  }

  /** The base-2 logarithm of the alignment. */
  final int shift;

  /** What is taken from the inner beyond a length, in bytes, to align by hand. */
  final int slack;

  final long maxSize;

  private final Allocator inner;

  /** Whether the inner has books of sizes, so that a free with the size says nothing new. */
  final boolean innerKnowsSizes;

  /** Bytes that are held. */
  long reserved;

  /** The most that was reserved, as of the last time that memory was given back. */
  private long peakReserved;

  private long innerFrees;
  private @Nullable Throwable thrown;

  /**
   * Holds nothing yet, and asks nothing of the inner but its limits.
   *
   * @param inner where memory comes from
   * @param alignment in bytes, a power of two up to 2^30
   * @throws IllegalArgumentException if the inner's largest block has no room for an aligned one
   */
  ArenaAccount(Allocator inner, long alignment) {
    this.inner = inner;
    innerKnowsSizes = inner instanceof OwningAllocator;
    shift = Long.numberOfTrailingZeros(alignment);
    slack = (int) Math.max(0, alignment - inner.alignment());
    maxSize = inner.maxSize() - slack;
    if (maxSize < 1) {
      throw noRoom(alignment);
    }
  }

  private IllegalArgumentException noRoom(long alignment) {
    return new IllegalArgumentException(
        ArenaAllocator.NAME
            + ": alignment leaves no room in what the inner serves: alignment="
            + alignment
            + ", limit="
            + (inner.maxSize() - 1 + inner.alignment()));
  }

  /** {@return the first aligned address at or after an inner address} */
  final long align(long innerAddress) {
    return (innerAddress + (1L << shift) - 1) & -(1L << shift);
  }

  /**
   * {@return the length in bytes of a block for a size up to maxSize} A multiple of the alignment;
   * the largest blocks alone are not, where maxSize is none.
   */
  final long blockLength(long size) {
    long length = align(size);
    return length < 1 ? maxSize : Math.min(length, maxSize);
  }

  /** Takes memory from the inner, for the caller to count; returns NULL where that has none. */
  final long take(long innerSize) {
    long innerAddress;
    try {
      innerAddress = inner.tryMalloc(innerSize);
    } catch (OutOfMemoryError e) {
      AllocatorEvents.innerRefused(ArenaAllocator.NAME, innerSize);
      throw e;
    }
    if (innerAddress == Allocator.NULL) {
      AllocatorEvents.innerRefused(ArenaAllocator.NAME, innerSize);
    }
    return innerAddress;
  }

  /**
   * Gives memory back to the inner. What that throws is kept for {@link #throwCollected}.
   *
   * @return false iff the inner refused, so that the memory is still held
   */
  final boolean give(long innerAddress, long innerSize) {
    Throwable e = tryFree(inner, innerKnowsSizes, innerAddress, innerSize);
    if (e != null) {
      return collectAndCount(e, innerSize);
    }
    countGiven(innerSize);
    AllocatorEvents.pageReturned(ArenaAllocator.NAME, innerAddress, innerSize);
    return true;
  }

  /** As {@link #give}, if the inner has books of sizes and nobody listens. */
  final boolean giveUnheard(long innerAddress, long innerSize) {
    Throwable e = tryFree(inner, true, innerAddress, innerSize);
    if (e != null) {
      return collectAndCount(e, innerSize);
    }
    countGiven(innerSize);
    return true;
  }

  /**
   * Frees; {@return what the inner threw, or null} Static, and so without an arena that the
   * compiler would have to put into memory for the calls in here.
   */
  private static @Nullable Throwable tryFree(
      Allocator inner, boolean innerKnowsSizes, long innerAddress, long innerSize) {
    try {
      if (innerKnowsSizes) {
        inner.free(innerAddress);
      } else {
        inner.free(innerAddress, innerSize);
      }
      return null;
    } catch (RuntimeException | Error e) {
      return e;
    }
  }

  private boolean collectAndCount(Throwable e, long innerSize) {
    collect(e);
    if (e instanceof IllegalArgumentException || e instanceof IllegalStateException) {
      return false;
    }
    countGiven(innerSize);
    return true;
  }

  private void countGiven(long innerSize) {
    peakReserved = Math.max(peakReserved, reserved);
    reserved -= innerSize;
    innerFrees++;
  }

  final void collect(Throwable e) {
    if (thrown == null) {
      thrown = e;
    } else if (thrown != e) {
      try {
        thrown.addSuppressed(e);
      } catch (OutOfMemoryError full) {
        // The first one is thrown; there is no room to say more.
      }
    }
  }

  /** Throws the first that the inner threw, with the later ones suppressed, and forgets it. */
  final void throwCollected() {
    Throwable first = thrown;
    if (first != null) {
      thrown = null;
      rethrow(first);
    }
  }

  private static void rethrow(Throwable first) {
    if (first instanceof RuntimeException e) {
      throw e;
    }
    throw (Error) first;
  }

  final long peakReserved() {
    return Math.max(peakReserved, reserved);
  }

  final long innerFrees() {
    return innerFrees;
  }
}
