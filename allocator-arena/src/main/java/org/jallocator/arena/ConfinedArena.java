package org.jallocator.arena;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackChecked;
import org.jspecify.annotations.Nullable;

/**
 * The life of an arena: who owns it, its scopes, and its end. What is not hot in {@link
 * ArenaAllocator}.
 */
abstract class ConfinedArena extends ArenaMemory implements Arena, StackChecked {

  /**
   * Who may use this arena: the thread that made it, or once that has ended the one that took over,
   * and nobody after closing. Changed under this arena's monitor, but for the first value.
   */
  @Nullable Thread owner = Thread.currentThread();

  ConfinedArena(Allocator inner, long chunkSize, long alignment, long retain) {
    super(inner, chunkSize, alignment, retain);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1) however many chunks there are.
   */
  @Override
  public boolean owns(long address) {
    requireUsable();
    return holds(address);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(chunks and large blocks). Keeps as many chunks as recent
   * rounds needed, within {@code retain}, and clears their books as far as they were used; the
   * other chunks and all large blocks go back to the inner.
   *
   * <p>If the inner throws, all else goes back, and its first exception is thrown then, with the
   * others suppressed. What it refused is still held: a chunk is empty and will be used again, a
   * large block is live.
   */
  @Override
  public void freeAll() {
    requireUsable();
    giveAll();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1). No two arenas give the same mark.
   */
  @Override
  public long mark() {
    requireUsable();
    return pushMark();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(chunks and large blocks since the mark), and a look-up in
   * the younger marks; the books are cleared as far as they were used since. Chunks stay for the
   * mallocs to come, large blocks go back to the inner, as with {@link #freeAll}.
   */
  @Override
  public void release(long mark) {
    requireUsable();
    if (!releaseMark(mark)) {
      throw new IllegalStateException(
          ArenaAllocator.NAME + ": mark is stale or was never given: mark=" + mark);
    }
  }

  /** {@return what the inner serves, less what aligning may take} */
  @Override
  public long maxSize() {
    return maxSize;
  }

  @Override
  public long alignment() {
    return 1L << shift;
  }

  @Override
  public boolean isShared() {
    return false;
  }

  /**
   * {@inheritDoc}
   *
   * <p>If the inner is.
   */
  @Override
  public boolean isStackChecked() {
    return isStackChecked;
  }

  /**
   * {@inheritDoc} A size rounded up to {@code alignment}; at most {@link #maxSize}.
   *
   * <p>Shared, never blocks. O(1).
   */
  @Override
  public long goodSize(long size) {
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(ArenaAllocator.NAME, size);
    }
    if (size > maxSize) {
      throw AllocatorErrors.sizeTooLarge(ArenaAllocator.NAME, size, "maxSize", maxSize);
    }
    return blockLength(size);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(chunks). Gives back all chunks without a live block, unless
   * a mark points into one. If the inner throws, it goes on as {@link #freeAll} does.
   */
  @Override
  public long trim() {
    requireUsable();
    return giveIdle();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(reserved bytes / alignment), a bit each.
   */
  @Override
  public long[] liveAddresses(int limit) {
    if (owner != null) {
      requireUsable();
    }
    return addresses(limit);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. O(reserved bytes / alignment), a bit each. A block counts as its size,
   * rounded up to {@code alignment}. What the inner threw at counts as given back, unless the inner
   * refused it ({@link StackChecked#tookNothing}).
   */
  @Override
  public AllocatorStats stats() {
    return snapshot();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or if that has ended, for any. O(chunks). If the inner throws,
   * all else goes back, and its first exception is thrown then, with the others suppressed; if it
   * refused something, the arena stays open, to be closed again.
   *
   * @throws LeakException if blocks are live; the arena stays open
   */
  @Override
  public void close() {
    if (owner == null) {
      return;
    }
    requireUsableOrAdopt();
    if (liveBlocks() != 0) {
      throw AllocatorEvents.leaked(ArenaAllocator.NAME, leak());
    }
    end();
    throwCollected();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or if that has ended, for any. O(chunks and large blocks). If
   * the inner throws, it goes on as {@link #close} does.
   */
  @Override
  public void closeAndRelease() {
    if (owner == null) {
      return;
    }
    requireUsableOrAdopt();
    LeakException leak = liveBlocks() == 0 ? null : leak();
    if (leak != null) {
      AllocatorEvents.leaked(ArenaAllocator.NAME, leak);
    }
    end();
    if (leak != null) {
      collect(leak);
    }
    throwCollected();
  }

  /** Gives everything back, and closes unless the inner refused something. */
  private synchronized void end() {
    requireRoomToGiveBack();
    if (giveEverything()) {
      owner = null;
    }
  }

  final void requireUsable() {
    Thread owner = this.owner;
    if (Thread.currentThread() != owner) {
      throw owner == null
          ? AllocatorErrors.closed(ArenaAllocator.NAME)
          : AllocatorErrors.wrongThread(ArenaAllocator.NAME, owner);
    }
  }

  final void requireUsableOrAdopt() {
    if (Thread.currentThread() != owner) {
      adopt();
    }
    requireUsable();
  }

  /** Makes the calling thread the owner if the owner has ended: of several, the first. */
  private synchronized void adopt() {
    Thread owner = this.owner;
    if (owner != null && !owner.isAlive()) {
      this.owner = Thread.currentThread();
    }
  }
}
