package org.jallocator.diagnostics;

import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * A layer that keeps {@link Books} of its live blocks.
 *
 * <pre>
 * malloc   prepare, begin  | take | entering, enter
 * free     note, leaving   | give | left
 * </pre>
 *
 * <p>Begin, entering, enter, leaving and left run under the monitor of the books, the others
 * without it. Each call has its stack before it changes anything; what may need more than that,
 * such as a walk of the stack, is done in prepare and note. Nothing is allocated between the
 * inner's malloc and enter. Close waits for calls in progress.
 *
 * <p>If the inner's free throws what says that it {@linkplain StackChecked#tookNothing took
 * nothing}, or if {@code give} throws anything before the inner was asked, the block is live again;
 * but not if the inner says that it is no live block. After anything else it is in doubt who has
 * it, and the books forget it.
 *
 * @param <B> what the books say of a block
 */
abstract class BookedAllocator<B extends Block> extends DiagnosticAllocator {

  static {
    rehearseLeak();
  }

  /** The live blocks; their monitor guards them. */
  final Books<B> books = new Books<>();

  BookedAllocator(String name, Allocator inner) {
    super(name, inner);
  }

  /** {@return a new entry for a block of some size} Runs before the inner is asked. */
  abstract B prepare(long size);

  /** {@return the error if the layer itself has no memory for a malloc, or null} May throw. */
  @Nullable OutOfMemoryError refusal(long size) {
    return null;
  }

  /**
   * Takes a block from the inner: sets its raw address and then its address, or neither. If it
   * throws and the raw address is set, the block goes back.
   *
   * @param byTry whether the inner may answer with NULL
   */
  void take(B block, boolean byTry) {
    long address = byTry ? inner.tryMalloc(block.size) : inner.malloc(block.size);
    block.raw = address;
    block.address = address;
  }

  /** Called when a block is about to enter. If it throws, the block goes back. */
  void entering(B block) {}

  /** {@return what {@link #left} is to be told of a free} */
  @Nullable Object note(long address) {
    return null;
  }

  /** Called when a block is about to leave, under the monitor. */
  void leaving(B block) {
    books.leave(block);
    books.give(block);
  }

  /** Gives a block that left to the inner. */
  void give(B block) {
    inner.free(block.raw);
  }

  /** Called when the inner has taken a block, under the monitor. */
  void left(B block, @Nullable Object note) {
    forget(block);
  }

  /** Called when a block is not this layer's any more, whoever has it, under the monitor. */
  void forget(B block) {
    books.remove(block);
  }

  /** Called when a malloc is refused by this layer itself. */
  void refused(long size) {}

  /** {@return what a free of a block throws that is leaving already} */
  InvalidFreeException doubleFree(B block, @Nullable Object note) {
    return new InvalidFreeException(Reason.DOUBLE_FREE, name(), block.address);
  }

  /** {@return what the inner's refusal of a block is to be thrown as} */
  InvalidFreeException explain(InvalidFreeException refusal, B block, @Nullable Object note) {
    return refusal;
  }

  /** Called before an arena ends the blocks that were entered after a serial. May throw. */
  void endScope(long serial) {}

  /** Called after an arena ended the blocks that were entered after a serial. */
  void scopeEnded(long serial) {}

  /** {@return lines that say where live blocks come from; empty if that is not known} */
  String sites() {
    return "";
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(1) beside the
   * inner's cost, and a new table of the books now and then.
   */
  @Override
  public final long malloc(long size) {
    return serve(size, false);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. As {@link #malloc}.
   */
  @Override
  public final long tryMalloc(long size) {
    return serve(size, true);
  }

  /**
   * Takes a block and enters it; after an error the block is the inner's again. The malloc begins
   * and ends in this one frame: a method in between that the compiler inlines the inner into could
   * overflow at its entry.
   *
   * @return its address, or NULL iff there is none and it was tried
   */
  private long serve(long size, boolean byTry) {
    B block = begin(size, byTry);
    if (block == null) {
      return NULL;
    }
    boolean entered = false;
    OutOfMemoryError refusal = null;
    try {
      take(block, byTry);
      if (block.raw != NULL) {
        synchronized (books) {
          entering(block);
          books.enter(block);
          entered = true;
        }
      }
    } catch (OutOfMemoryError e) {
      refusal = e;
    } finally {
      if (!entered) {
        if (block.raw != NULL) {
          // Strand before fail: close waits only until no malloc is pending, then gives the
          // stranded blocks back.
          strand(block.raw, block.held);
        }
        synchronized (books) {
          books.fail(block.size);
        }
      }
    }
    if (entered) {
      return block.address;
    }
    AllocatorEvents.innerRefused(name(), block.held);
    if (byTry) {
      return NULL;
    }
    throw outOfMemory(size, books.reservedBytes, refusal);
  }

  /** {@return a block to be served, or null iff the layer cannot serve it and it is tried} */
  private @Nullable B begin(long size, boolean byTry) {
    StackRoom.requireForInner();
    requireUsable();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(name(), size);
    }
    if (size > maxSize()) {
      if (byTry) {
        return null;
      }
      throw AllocatorErrors.sizeTooLarge(name(), size, "maxSize", maxSize());
    }
    giveBackStranded();
    B block = prepare(size);
    OutOfMemoryError refusal;
    synchronized (books) {
      requireOpen();
      refusal = refusal(size);
      if (refusal == null) {
        books.begin(size);
        return block;
      }
    }
    refused(size);
    if (byTry) {
      return null;
    }
    throw refusal;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(1) beside the
   * inner's cost.
   */
  @Override
  public final void free(long address) {
    requireOwner();
    if (address != NULL && !release(address, 0, false)) {
      freeUnknown(address, 0, false);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(1) beside the
   * inner's cost. A size is the block's iff it is the one that malloc was asked for.
   */
  @Override
  public final void free(long address, long size) {
    requireOwner();
    if (address != NULL && !release(address, size, true)) {
      freeUnknown(address, size, true);
    }
  }

  /** Frees what the books do not have, or throws. */
  void freeUnknown(long address, long size, boolean sized) {
    if (sized) {
      inner.free(address, size);
    } else {
      inner.free(address);
    }
  }

  /**
   * Frees the block at an address.
   *
   * @return false, and nothing has changed, iff the books have no such block and this is open
   */
  final boolean release(long address, long size, boolean sized) {
    StackRoom.requireForInner();
    Object note = note(address);
    return freeBlock(null, address, size, sized, note);
  }

  /**
   * Gives a block to the inner, and then forgets it, or has it live again. As a malloc, it begins
   * and ends in one frame, but for a block that closing has made leave: that has asked for more
   * stack.
   *
   * @param left the block if it has left already
   * @return false, and nothing has changed, iff the books have no such block and this is open
   */
  private boolean freeBlock(
      @Nullable B left, long address, long size, boolean sized, @Nullable Object note) {
    B block = left == null ? beginFree(address, size, sized, note) : left;
    if (block == null) {
      return false;
    }
    boolean taken = false;
    boolean kept = false;
    try {
      give(block);
      taken = true;
    } catch (InvalidFreeException e) {
      kept = keeps(e);
      throw explain(e, block, note);
    } catch (RuntimeException | Error e) {
      kept = keeps(e);
      throw e;
    } finally {
      synchronized (books) {
        books.pendingFrees--;
        if (taken) {
          left(block, note);
        } else if (kept || !block.given) {
          books.stay(block);
        } else {
          forget(block);
        }
      }
    }
    return true;
  }

  /** {@return the block, which has left; null iff the books have none and this is open} */
  private @Nullable B beginFree(long address, long size, boolean sized, @Nullable Object note) {
    B block;
    boolean leaving = false;
    synchronized (books) {
      block = books.find(address);
      if (block != null) {
        leaving = block.leaving;
        if (!leaving && (!sized || size == block.size)) {
          startFree(block);
          return block;
        }
      }
    }
    if (block == null || leaving) {
      requireOpen(); // a close has taken it, too
    }
    if (block == null) {
      return null;
    }
    throw AllocatorEvents.invalidFree(
        name(),
        leaving
            ? doubleFree(block, note)
            : new InvalidFreeException(name(), address, size, block.size));
  }

  /** Begins a free: from now on close waits for it. Under the monitor. */
  private void startFree(B block) {
    books.pendingFrees++;
    leaving(block);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks: any thread may ask. O(1). A block counts with the size that it was
   * asked for.
   */
  @Override
  public AllocatorStats stats() {
    return books.stats();
  }

  /** {@return the exception for the live blocks, or null iff there are none} Under the monitor. */
  final @Nullable LeakException leak() {
    return books.liveBlocks == 0
        ? null
        : new LeakException(
            name(), books.stats(), sites(), books.addresses(LeakException.MAX_ADDRESSES));
  }

  /**
   * Makes a leak, which initializes all that one needs: where the stack or the Java heap ends, that
   * would fail for the process.
   */
  private static void rehearseLeak() {
    Books<Block> books = new Books<>();
    books.begin(1);
    books.enter(new Block(1, 1));
    LeakException leak = new LeakException("", books.stats(), "", books.addresses(1));
    Throwable unused = Failures.join(leak, null);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. Waits for mallocs in
   * progress. O(1) if nothing is live.
   */
  @Override
  public void close() {
    StackRoom.requireForInner();
    requireOwner();
    giveBackStranded();
    if (isDone()) {
      return;
    }
    for (int tries = 0; !tryClose(); tries++) {
      Waiting.pause(tries);
    }
    giveBackStranded(); // also those of calls that were in progress
  }

  /** {@return whether it is closed and has given everything to the inner} */
  private boolean isDone() {
    synchronized (books) {
      return isClosed() && books.reservedBytes == 0;
    }
  }

  /** {@return false iff a call is in progress} Throws if blocks are live. */
  private boolean tryClose() {
    throwIfLeaking();
    drain();
    synchronized (books) {
      if (books.liveBlocks == 0 && isQuiet() && books.reservedBytes == 0) {
        setClosed();
      }
      return isClosed();
    }
  }

  private void throwIfLeaking() {
    LeakException leak;
    synchronized (books) {
      leak = leak();
    }
    if (leak != null) {
      throw AllocatorEvents.leaked(name(), leak);
    }
  }

  private boolean isQuiet() {
    return books.pendingMallocs == 0 && books.pendingFrees == 0;
  }

  /** Gives to the inner what is held back. */
  void drain() {}

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. Waits for calls in
   * progress. O(live blocks), each of which goes back to the inner. If the inner refuses one, or if
   * there is no room on the Java heap to list them, a further call goes on.
   */
  @Override
  public void closeAndRelease() {
    StackRoom.requireAboveStack(); // more than the inner asks for: else it may refuse all blocks
    requireOwner();
    giveBackStranded();
    if (isDone()) {
      return;
    }
    for (int tries = 0; !tryEnd(); tries++) {
      Waiting.pause(tries);
    }
    LeakException leak;
    List<B> blocks;
    synchronized (books) {
      leak = leak(); // both before the first block leaves: they take memory
      blocks = books.since(0);
      for (B block : blocks) {
        startFree(block);
      }
    }
    Throwable thrown = leak;
    for (B block : blocks) {
      try {
        freeBlock(block, block.address, 0, false, null);
      } catch (RuntimeException | Error e) {
        thrown = Failures.join(thrown, e);
      }
    }
    try {
      giveBackStranded(); // also those of calls that were in progress
    } catch (RuntimeException | Error e) {
      thrown = Failures.join(thrown, e);
    }
    try {
      drain();
    } catch (RuntimeException | Error e) {
      thrown = Failures.join(thrown, e);
    }
    if (leak != null) {
      throw AllocatorEvents.leaked(name(), leak);
    }
    Failures.rethrow(thrown);
  }

  /** Refuses all calls from now on; {@return whether none is in progress} */
  private boolean tryEnd() {
    synchronized (books) {
      setClosed();
      return isQuiet();
    }
  }

  /** As {@link org.jallocator.OwningAllocator#liveAddresses}. */
  final long[] addresses(int limit) {
    requireOwner();
    synchronized (books) {
      return books.addresses(limit);
    }
  }

  /** Frees a block of the books, or what the inner owns. */
  final boolean tryReleaseOrPass(OwningAllocator inner, long address, long size, boolean sized) {
    requireOwner();
    if (address == NULL) {
      return false;
    }
    if (release(address, size, sized)) {
      return true;
    }
    return sized ? inner.tryFree(address, size) : inner.tryFree(address);
  }
}
