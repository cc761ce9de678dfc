package org.jallocator.fixedblock;

import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;
import org.jspecify.annotations.Nullable;

/**
 * The contract over pools of blocks: what {@link FixedBlockAllocator} and {@link
 * SizeClassAllocator} have in common, which is all but the way from a size or an address to a pool.
 *
 * <p>What takes no more than a bit is done by these two themselves, on fields of their own: each
 * step to another object is felt there. All else is the core's.
 *
 * <p>Confined to its owner thread, or shared where built so.
 */
abstract sealed class PagedAllocator extends ColdPaths implements OwningAllocator
    permits FixedBlockAllocator, SizeClassAllocator {

  final long maxSize;
  private final long alignment;
  private final String layer;

  /** What {@link #maxSize} is called in errors. */
  private final String maxSizeName;

  final Core core;

  /** The core, where it is shared. */
  final @Nullable SharedCore shared;

  final PageTable table;

  /** The thread that may use this: where confined the one that made it, and none after closing. */
  @Nullable Thread owner;

  PagedAllocator(String maxSizeName, long maxSize, long alignment, Core core) {
    this.layer = core.layer;
    this.maxSizeName = maxSizeName;
    this.maxSize = maxSize;
    this.alignment = alignment;
    this.core = core;
    this.shared = core instanceof SharedCore shared ? shared : null;
    this.table = core.table;
    this.owner = core.isShared() ? null : Thread.currentThread();
  }

  /**
   * Takes a block without looking for one.
   *
   * @return NULL where that is not done in an instant, for whatever reason, a size out of limits
   *     among them: {@link #malloc} knows
   */
  abstract long take(long size);

  /**
   * Gives a block back, if that takes no more than setting its bit.
   *
   * @return false, and nothing has changed, where it does, for whatever reason: {@link
   *     Core#giveSlow} knows
   */
  abstract boolean give(long address);

  /** {@return the class of a size of at least 1 and at most {@link #maxSize}} */
  abstract int sizeClass(long size);

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. O(1); once a page,
   * an inner malloc. The cost is shown by the bench's {@code reference} command.
   */
  @Override
  public final long malloc(long size) {
    long address = take(size);
    return address != NULL ? address : mallocOutOfLine(size);
  }

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
      throw AllocatorErrors.sizeTooLarge(layer, size, maxSizeName, maxSize);
    }
    throw AllocatorErrors.outOfMemory(layer, size, core.source.reservedBytes(), cause);
  }

  private long serve(long size) {
    core.requireUsable();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(layer, size);
    }
    return size <= maxSize ? core.takeSlow(sizeClass(size)) : NULL;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. O(1); once a page,
   * an inner malloc.
   */
  @Override
  public final long tryMalloc(long size) {
    long address = take(size);
    return address != NULL ? address : tryMallocOutOfLine(size);
  }

  @Override
  final long tryMallocSlow(long size) {
    try {
      return serve(size);
    } catch (OutOfMemoryError noMemory) {
      return NULL;
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. O(1) however many
   * pages there are; an inner free where a page goes back. Where the inner throws at that, its
   * exception passes: the block is free, and the page is held still.
   */
  @Override
  public final void free(long address) {
    if (!tryFree(address)) {
      ignoreNull(address);
    }
  }

  private void ignoreNull(long address) {
    if (address != NULL) {
      throw new InvalidFreeException(Reason.FOREIGN, layer, address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. As {@link
   * #free(long)}, and any size that is served by blocks of the same size is taken.
   */
  @Override
  public final void free(long address, long size) {
    if (!tryFree(address, size)) {
      ignoreNull(address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. O(1) however many
   * pages there are; an inner free where a page goes back.
   */
  @Override
  public final boolean tryFree(long address) {
    return give(address) || tryFreeOutOfLine(address);
  }

  @Override
  final boolean tryFreeSlow(long address) {
    return core.giveSlow(address);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. As {@link
   * #tryFree(long)}, and any size that is served by blocks of the same size is taken.
   */
  @Override
  public abstract boolean tryFree(long address, long size);

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. O(1) however many
   * pages there are.
   */
  @Override
  public final boolean owns(long address) {
    return core.owns(address);
  }

  @Override
  public final long maxSize() {
    return maxSize;
  }

  @Override
  public final long alignment() {
    return alignment;
  }

  @Override
  public final boolean isShared() {
    return core.isShared();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. O(1) for each kind
   * of block. Each live block counts with all its bytes, whatever was asked for.
   */
  @Override
  public final AllocatorStats stats() {
    return core.stats();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; where built shared: Shared, never blocks. O(pages), and where
   * blocks leaked O(blocks / 64).
   *
   * @throws LeakException if blocks are live; the allocator stays open
   */
  @Override
  public final void close() {
    core.close();
    owner = null;
  }
}
