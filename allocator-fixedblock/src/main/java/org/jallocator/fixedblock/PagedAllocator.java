package org.jallocator.fixedblock;

import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackRoom;

/**
 * The contract over pools of blocks. {@link ConfinedAllocator} and {@link SharedAllocator} have the
 * cold half: whose the pools are. Their final leaves have the hot half, malloc and free in a few
 * instructions on fields of their own: one object more on the way costs 8 to 15 % of a trace.
 */
abstract sealed class PagedAllocator extends ColdCalls implements OwningAllocator
    permits ConfinedAllocator, SharedAllocator {

  final String layerName;
  final long maxSize;
  final PageSource source;
  final PageTable table;
  private final long alignment;

  /** What {@link #maxSize} is called in errors. */
  private final String maxSizeName;

  PagedAllocator(
      String layerName, String maxSizeName, long maxSize, long alignment, PageSource source) {
    this.layerName = layerName;
    this.maxSizeName = maxSizeName;
    this.maxSize = maxSize;
    this.alignment = alignment;
    this.source = source;
    this.table = source.table();
  }

  /** {@return the class of a size of at least 1 and at most {@link #maxSize}} */
  abstract int sizeClass(long size);

  /** {@return the bytes of the blocks of a class} */
  abstract long blockSize(int sizeClass);

  /** Takes a block of a size class; {@return NULL iff the inner has no memory} */
  abstract long takeSlow(int sizeClass);

  /**
   * Takes a block of a size class, if the calling thread may enter a heap at once and that has one.
   * As safe as the hot path beside a layer above that closes, if that one has read {@link
   * #hotPathExits}, and after that has found itself open.
   *
   * @param exitsSeen what it read
   * @return NULL if not: {@link #takeSlow}
   */
  long takeEntered(int sizeClass, int exitsSeen) {
    return NULL;
  }

  /** {@return how often {@link #leaveHotPaths} was called} */
  int hotPathExits() {
    return 0;
  }

  /** Throws iff closed, or confined to another thread. */
  abstract void requireUsable();

  /** {@return whether a block is live, as far as the calling thread can see} */
  abstract boolean isLive(Page page, int index);

  /**
   * Takes a block by the hot path alone.
   *
   * @return NULL if that does not serve, for whatever reason, a size out of limits among them
   */
  abstract long mallocHot(long size);

  /**
   * Frees a block by the hot path alone.
   *
   * @return false, and nothing has changed, if that does not serve, for whatever reason
   */
  abstract boolean freeHot(long address);

  /** As {@link #freeHot(long)}, of a block that serves a size. */
  abstract boolean freeHot(long address, long size);

  /**
   * Frees a block of a heap that is neither common nor the calling thread's: what {@link #freeHot}
   * refuses most often. It is called directly, since out of line such a free takes a sixth longer.
   *
   * @return false, and nothing has changed, if the address is of no such block, or its page is not
   *     guessed, or this is closed
   * @throws InvalidFreeException if the block is free
   */
  boolean freeRemotely(long address) {
    return false;
  }

  /** Waits a little before {@link #leaveHotPaths}, if that was called just now. */
  void letOthersIn() {}

  /**
   * Makes sure that no call that is in the hot paths stays there, and that each later call takes
   * the slow path first. For a layer above that closes.
   */
  abstract void leaveHotPaths();

  @Override
  final long mallocSlow(long size) {
    OutOfMemoryError cause = null;
    try {
      long address = serve(size);
      if (address != NULL) {
        return address;
      }
    } catch (OutOfMemoryError e) {
      cause = e;
    }
    if (size > maxSize) {
      throw AllocatorErrors.sizeTooLarge(layerName, size, maxSizeName, maxSize);
    }
    throw AllocatorErrors.outOfMemory(layerName, size, source.reservedBytes(), cause);
  }

  private long serve(long size) {
    requireUsable();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(layerName, size);
    }
    return size <= maxSize ? takeSlow(sizeClass(size)) : NULL;
  }

  @Override
  final long tryMallocSlow(long size) {
    try {
      return serve(size);
    } catch (OutOfMemoryError noMemory) {
      return NULL;
    }
  }

  /** Frees a block that no hot path could, or says why not. */
  final void freeCold(long address) {
    if (!tryFreeCold(address) && address != NULL) {
      throw invalid(Reason.FOREIGN, address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>As {@link #free(long)}; any size that is served by blocks of the same size is accepted.
   */
  @Override
  public final void free(long address, long size) {
    if (!freeHot(address, size)) {
      requireSize(address, size);
      free(address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>As {@link #tryFree(long)}; any size that is served by blocks of the same size is accepted.
   */
  @Override
  public final boolean tryFree(long address, long size) {
    if (freeHot(address, size)) {
      return true;
    }
    requireSize(address, size);
    return tryFree(address);
  }

  private void requireSize(long address, long size) {
    if (!isInPageFor(address, size)) {
      requireSizeSlow(address, size >= 1 && size <= maxSize ? sizeClass(size) : -1, size);
    }
  }

  /**
   * {@return whether an address is in a page whose blocks serve a size} Then a free needs to know
   * the size no more. The answer no may be wrong. Any thread may ask.
   */
  final boolean isInPageFor(long address, long size) {
    if (size < 1 || size > maxSize) {
      return false;
    }
    Page page = table.guess(address);
    return page.pool.sizeClass == sizeClass(size) && page.spans(address);
  }

  private void requireSizeSlow(long address, int sizeClass, long size) {
    StackRoom.require();
    requireUsable();
    Page page = table.find(address);
    long index = page.index(address);
    if (page.pool.sizeClass != sizeClass
        && index >= 0
        && index < page.blocks
        && isLive(page, (int) index)) {
      throw AllocatorEvents.invalidFree(
          layerName,
          new InvalidFreeException(layerName, address, size, blockSize(page.pool.sizeClass)));
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>O(1) however many pages there are.
   */
  @Override
  public final boolean owns(long address) {
    requireUsable();
    return table.find(address) != Page.NONE;
  }

  @Override
  public final long maxSize() {
    return maxSize;
  }

  /** {@return whether the inner is: each call checks the stack here} Shared, never blocks. */
  @Override
  public final boolean isStackChecked() {
    return source.isStackChecked();
  }

  @Override
  public final long alignment() {
    return alignment;
  }

  /** {@return the bytes of the block that serves a size: all may be used} Any thread may ask. */
  @Override
  public final long goodSize(long size) {
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(layerName, size);
    }
    if (size > maxSize) {
      throw AllocatorErrors.sizeTooLarge(layerName, size, maxSizeName, maxSize);
    }
    return blockSize(sizeClass(size));
  }

  /**
   * {@return the page that holds an address, or {@link Page#NONE}} Checks that a block starts
   * there.
   */
  final Page findBlock(long address) {
    Page page = table.find(address);
    if (page != Page.NONE) {
      long index = page.index(address);
      if (index < 0 || index >= page.blocks) {
        throw invalid(Reason.NOT_A_BLOCK, address);
      }
    }
    return page;
  }

  /** {@return what a free is refused with} The listeners were told. */
  final InvalidFreeException invalid(Reason reason, long address) {
    return AllocatorEvents.invalidFree(
        layerName, new InvalidFreeException(reason, layerName, address));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. O(pages). Each live block counts with all its bytes, whatever was
   * asked for.
   */
  @Override
  public abstract AllocatorStats stats();
}
