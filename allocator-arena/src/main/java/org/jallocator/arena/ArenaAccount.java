package org.jallocator.arena;

import java.lang.invoke.VarHandle;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackChecked;
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
 *   innerMallocs - innerFrees == number of inner blocks that are held
 * </pre>
 *
 * <p>Memory that is given back is held no more, also if the inner threw, for it may have taken it.
 * If the inner refused ({@link StackChecked#tookNothing}), it took nothing, and the memory is still
 * held. Where much is given back at once, what the inner throws does not keep the rest: it is
 * collected and thrown at the end.
 */
abstract class ArenaAccount {

  static {
    AllocatorEvents.areHeard(); // is initialized now, and not first where the stack ends
    VarHandle.storeStoreFence(); // is linked now, for the same reason
  }

  /** The base-2 logarithm of the alignment. */
  final int shift;

  /** What is taken from the inner beyond a length, in bytes, to align by hand. */
  final int slack;

  final long maxSize;

  private final Allocator inner;

  /** Whether a stack overflow comes before the first change, here and below. */
  final boolean isStackChecked;

  /** Whether the inner has books of sizes, so that a free with the size says nothing new. */
  final boolean innerKnowsSizes;

  /** Bytes that are held. */
  long reserved;

  /** The most that was reserved, as of the last time that memory was given back. */
  private long peakReserved;

  /** Blocks ever taken. A field of its own, and no sum, so that no thread sees it fall. */
  long innerMallocs;

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
    isStackChecked = StackChecked.is(inner);
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
    if (StackChecked.tookNothing(inner, e)) {
      return false;
    }
    countGiven(innerSize);
    return true;
  }

  private void countGiven(long innerSize) {
    if (reserved > peakReserved) {
      peakReserved = reserved;
      VarHandle.storeStoreFence(); // nobody sees less reserved without its peak
    }
    reserved -= innerSize;
    innerFrees++;
  }

  final void collect(Throwable e) {
    thrown = Failures.join(thrown, e);
  }

  /** Throws the first that the inner threw, with the later ones suppressed, and forgets it. */
  final void throwCollected() {
    Throwable first = thrown;
    if (first != null) {
      thrown = null;
      Failures.rethrow(first);
    }
  }

  /** {@return the figures} Any thread may ask: what is being changed may count or not. */
  final AllocatorStats figures(long liveBlocks, long liveBytes) {
    long innerMallocs = this.innerMallocs;
    long innerFrees = Math.min(this.innerFrees, innerMallocs); // may be seen before its malloc
    long reserved = this.reserved;
    VarHandle.loadLoadFence(); // the peak last: also if reserved is lower by now
    long peak = Math.max(peakReserved, reserved);
    return new AllocatorStats(liveBlocks, liveBytes, reserved, peak, innerMallocs, innerFrees);
  }
}
