package org.jallocator.large;

import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.StackChecked;
import org.jspecify.annotations.Nullable;

/**
 * All of a {@link LargeBlockAllocator} but malloc and free: the owner check, the figures, and
 * closing.
 *
 * <p>A superclass and not a part of it, so that a malloc reads the owner and the books from one
 * object. A confined allocator has one stripe, and uses the books of that without their lock unless
 * the inner is called. Its owner thread, and a thread that closes after the owner has ended, are
 * ordered by {@link Thread#isAlive} (Java Language Specification 17.4.4).
 */
abstract class OwnedLargeBlocks implements OwningAllocator, StackChecked {

  final LargeMemory memory;

  /** The blocks of the only stripe; if this is shared, of one of several. */
  final Books books;

  /** The thread that made this, or null iff any thread may use it. */
  final @Nullable Thread owner;

  final long maxSize;
  private final long alignment;

  /**
   * Makes an open allocator without a block.
   *
   * @param memory without a block; with several stripes only if this is shared
   * @param maxSize the largest size to serve, in bytes
   * @param alignment what every address is a multiple of, in bytes
   * @param shared whether any thread may use it, or only the calling one
   */
  OwnedLargeBlocks(LargeMemory memory, long maxSize, long alignment, boolean shared) {
    this.memory = memory;
    this.books = memory.books();
    this.owner = shared ? null : Thread.currentThread();
    this.maxSize = maxSize;
    this.alignment = alignment;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; if built shared: Shared, may block. O(log of the largest
   * block).
   */
  @Override
  public boolean owns(long address) {
    requireUsable();
    return memory.owns(address);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, and for all after its end; if built shared: Shared, may block.
   * O(most blocks ever held). Names each live block, up to the limit; a closed allocator has none.
   */
  @Override
  public long[] liveAddresses(int limit) {
    requireOwnerOrItsEnd();
    return memory.closing().liveAddresses(limit);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread; if built shared: Shared, may block. All kept blocks go back.
   * If the inner throws an Error, the rest stays kept; if it throws a RuntimeException, the rest
   * goes back first.
   */
  @Override
  public long trim() {
    requireUsable();
    return memory.trim();
  }

  /**
   * {@return {@code maxSize}, or what the inner serves less what aligning takes, if that is less;
   * in bytes}
   */
  @Override
  public long maxSize() {
    return maxSize;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. The largest size of the size's class.
   */
  @Override
  public long goodSize(long size) {
    if (size < 1 || size > maxSize) {
      throw size < 1
          ? AllocatorErrors.sizeTooSmall(LargeBlockAllocator.NAME, size)
          : AllocatorErrors.sizeTooLarge(LargeBlockAllocator.NAME, size, "maxSize", maxSize);
    }
    return books.length(size);
  }

  @Override
  public long alignment() {
    return alignment;
  }

  @Override
  public boolean isShared() {
    return owner == null;
  }

  /**
   * {@inheritDoc}
   *
   * <p>If the inner is.
   */
  @Override
  public boolean isStackChecked() {
    return memory.isStackChecked();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. O(1). A block counts with its {@link #goodSize}. A block on its way
   * back to the inner is not reserved any more, and live until the inner has it if it was not kept.
   * Beside other threads the live figures may be off by what those take and free during this call.
   */
  @Override
  public AllocatorStats stats() {
    return memory.stats();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, and for all after its end; if built shared: Shared, may block.
   * O(kept blocks) inner frees. It refuses calls that begin after it, and waits for those that are
   * in the inner. If the inner throws, the allocator is open again, without what the inner took,
   * and may be closed again.
   */
  @Override
  public void close() {
    requireOwnerOrItsEnd();
    memory.closing().close(false);
  }

  /**
   * {@inheritDoc}
   *
   * <p>As {@link #close}, with the live blocks beside the kept ones. If the inner throws and leaves
   * nothing to be given back, the allocator is closed all the same.
   *
   * @throws LeakException if blocks were live
   */
  @Override
  public void closeAndRelease() {
    requireOwnerOrItsEnd();
    memory.closing().close(true);
  }

  final void requireUsable() {
    Thread owner = this.owner;
    if (owner != null && Thread.currentThread() != owner) {
      throw memory.closing().isClosed()
          ? AllocatorErrors.closed(LargeBlockAllocator.NAME)
          : AllocatorErrors.wrongThread(LargeBlockAllocator.NAME, owner, "shared=true");
    }
  }

  final void requireOwnerOrItsEnd() {
    Thread owner = this.owner;
    if (owner != null && Thread.currentThread() != owner && owner.isAlive()) {
      throw AllocatorErrors.wrongThread(LargeBlockAllocator.NAME, owner, "shared=true");
    }
  }
}
