package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.InvalidFreeException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * Counts mallocs, frees, failures, live and peak blocks and bytes as asked for, and sizes by powers
 * of two. Any thread may read.
 *
 * <pre>{@code
 * try (AllocatorStack stack = AllocatorStack.open("stats(sizeclass(jna))")) {
 *   StatsAllocator stats = stack.find(StatsAllocator.class).orElseThrow();
 *   stats.push();
 *   work(stats);
 *   System.out.print(stats.pop().report());
 * }
 * }</pre>
 *
 * <p>A free of what this layer did not hand out goes to the inner, which refuses it if it can, and
 * is not counted. Over an {@link OwningAllocator} the layer is owning, and over a confined {@link
 * Arena} an arena.
 *
 * <p>Price: 32 to 96 bytes of Java heap for each of the most blocks that were live; no lock and no
 * atomic instruction if the thread that frees a block is the one that allocated it, for up to 64
 * threads at a time; a lock if it is another, or if there are more. A block that is freed before
 * its thread mallocs again is cheapest. The cost is shown by {@code DiagnosticsBenchmark} of the
 * bench.
 *
 * <p>Exact, but for peaks with several threads: what is live is compared with the peak whenever a
 * thread's share has changed by 16 KiB or 256 blocks, and when {@link #counters} are read; a peak
 * between is missed.
 *
 * <p>Confined to its owner thread, or shared and may block, as its inner is. Names and nesting
 * after RMM's statistics resource.
 */
public sealed class StatsAllocator extends TalliedAllocator permits OwningStatsAllocator {

  static final String NAME = "stats";

  /** Where a thread finds its tally. */
  private final Tally[] hints;

  /** The tally of a confined allocator; null iff it is shared. */
  private final @Nullable Tally only;

  StatsAllocator(Allocator inner) {
    super(NAME, inner);
    this.hints = tallies.hints();
    this.only = shared ? null : hints[0];
  }

  /**
   * Makes a layer that counts.
   *
   * @param inner what blocks are taken from; stays open when this allocator closes
   * @return a new allocator, owning or an arena iff the inner is
   */
  public static StatsAllocator create(Allocator inner) {
    if (inner instanceof Arena arena && !arena.isShared()) {
      return new ArenaStatsAllocator(arena);
    }
    return inner instanceof OwningAllocator owning
        ? new OwningStatsAllocator(owning)
        : new StatsAllocator(inner);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(1) beside the
   * inner's cost.
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

  /** {@return NULL iff there is no memory or the size is too large and was tried} */
  private long serve(long size, boolean byTry) {
    StackRoom.requireForInner();
    Thread caller = Thread.currentThread();
    Tally only = this.only;
    if (only == null) {
      return serveShared(caller, size, byTry);
    }
    return only.owner == caller && only.isReady()
        ? serveOwn(only, size, byTry, false)
        : serveSlow(caller, size, byTry);
  }

  private long serveShared(Thread caller, long size, boolean byTry) {
    Tally[] hints = this.hints;
    Tally tally = hints[(int) caller.getId() & (hints.length - 1)];
    if (tally.owner != caller || !tally.enter(Tally.IN_CALL)) {
      return serveSlow(caller, size, byTry);
    }
    try {
      return serveOwn(tally, size, byTry, true);
    } finally {
      tally.leave();
    }
  }

  private long serveSlow(Thread caller, long size, boolean byTry) {
    Tally tally = enter(caller);
    try {
      return tally.owner == caller
          ? serveOwn(tally, size, byTry, shared)
          : serveCommon(tally, size, byTry);
    } finally {
      tallies.leave(tally);
    }
  }

  private long serveOwn(Tally tally, long size, boolean byTry, boolean shared) {
    tally.makeRoom();
    long address = allocate(tally, size, byTry);
    if (address != NULL) {
      if (tally.hasRemoteFrees()) {
        tally.collectFor(address);
      }
      tally.add(address, size, shared);
    }
    return address;
  }

  private long allocate(Tally tally, long size, boolean byTry) {
    long address;
    try {
      address = byTry ? inner.tryMalloc(size) : inner.malloc(size);
    } catch (OutOfMemoryError e) {
      return fail(tally, size, byTry, e);
    }
    return address != NULL ? address : fail(tally, size, byTry, null);
  }

  /** {@return the caller's own tally, entered, or the common one} */
  private Tally enter(Thread caller) {
    requireUsable();
    giveBackStranded();
    Tally tally;
    while ((tally = tallies.enter(caller)) == null) {
      tallies.awaitClose();
      requireOpen();
    }
    return tally;
  }

  /** Serves a thread that has no tally of its own. */
  private long serveCommon(Tally common, long size, boolean byTry) {
    long address = allocate(common, size, byTry);
    if (address == NULL) {
      return NULL;
    }
    boolean counted = false;
    try {
      synchronized (common) {
        common.addCommon(address, size);
        counted = true;
      }
    } finally {
      if (!counted) {
        strand(address, size);
      }
    }
    return address;
  }

  /** {@return NULL, or throws} */
  private long fail(Tally tally, long size, boolean byTry, @Nullable OutOfMemoryError cause) {
    synchronized (tally) {
      tally.failures++;
    }
    if (size <= innerMaxSize()) { // else it was too large
      AllocatorEvents.innerRefused(NAME, size);
    }
    if (byTry) {
      return NULL;
    }
    throw outOfMemory(size, tallies.liveBytes(), cause);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(1) beside the
   * inner's cost, and a look-up in each thread's books if another thread allocated the block.
   */
  @Override
  public final void free(long address) {
    if (!freeHot(address, 0)) {
      freeSlow(address);
    }
  }

  /**
   * Frees a block of the calling thread.
   *
   * @param told what its size must be; 0: any
   * @return false, and nothing has changed, iff there is more to do, or no such block of this
   *     thread
   */
  final boolean freeHot(long address, long told) {
    StackRoom.requireForInner();
    Thread caller = Thread.currentThread();
    Tally only = this.only;
    if (only == null) {
      return freeShared(caller, address, told);
    }
    return only.owner == caller && only.isReady() && freeOwn(only, address, told);
  }

  private boolean freeShared(Thread caller, long address, long told) {
    Tally[] hints = this.hints;
    Tally tally = hints[(int) caller.getId() & (hints.length - 1)];
    if (tally.owner != caller || !tally.enter(address)) {
      return false;
    }
    try {
      return freeOwn(tally, address, told);
    } finally {
      tally.leave();
    }
  }

  /** {@return false, and nothing has changed, iff the tally has no such block} */
  private boolean freeOwn(Tally tally, long address, long told) {
    long size = tally.take(address, told); // first: another thread may be given the memory at once
    if (size == 0) {
      return false;
    }
    try {
      inner.free(address);
    } catch (RuntimeException | Error e) {
      if (tookNothing(e)) {
        tally.refused(address, size, isGone(e));
      }
      throw e;
    }
    return true;
  }

  private void freeSlow(long address) {
    requireOwner();
    if (address != NULL && !release(address, 0, false)) {
      inner.free(address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. As {@link
   * #free(long)}. A size is the block's iff it is the one that malloc was asked for.
   */
  @Override
  public final void free(long address, long size) {
    if (size <= 0 || !freeHot(address, size)) {
      freeSlow(address, size);
    }
  }

  private void freeSlow(long address, long size) {
    requireOwner();
    if (address != NULL && !release(address, size, true)) {
      inner.free(address, size);
    }
  }

  /**
   * Frees a block by whichever thread.
   *
   * @return false, and nothing has changed, iff this layer has no such block and is open
   */
  final boolean release(long address, long size, boolean sized) {
    StackRoom.requireForInner();
    Thread caller = Thread.currentThread();
    Tally mine = enter(caller);
    try {
      // It may be being freed, or was handed on already and is in another tally, too.
      boolean isFreed = mine.hasRemoteFrees() && mine.isFreedRemotely(address);
      long asked = mine.owner == caller && !isFreed ? mine.sizeAt(mine.find(address)) : 0;
      if (asked != 0) {
        if (sized && size != asked) {
          throw sizeMismatch(address, size, asked);
        }
        mine.setFreeing(address);
        return freeOwn(mine, address, 0);
      }
      Tally from = tallies.holderOf(address);
      if (from != null && freeOther(mine, from, address, size, sized)) {
        return true;
      }
      tallies.requireFreedByNobody(address);
      return false; // the inner says what it is
    } finally {
      tallies.leave(mine);
    }
  }

  private static InvalidFreeException sizeMismatch(long address, long size, long asked) {
    return AllocatorEvents.invalidFree(NAME, new InvalidFreeException(NAME, address, size, asked));
  }

  /**
   * Frees a block of another thread. It is noted and settled here, in one frame: the call of a
   * method in between that the compiler inlines the inner into could overflow at its entry.
   *
   * @return false, and nothing has changed, iff it is not there any more
   */
  private boolean freeOther(Tally mine, Tally from, long address, long told, boolean sized) {
    long size = from.freeRemotely(address, told, sized);
    if (size < 0) {
      throw sizeMismatch(address, told, -size);
    }
    if (size == 0) {
      return false;
    }
    synchronized (mine) {
      mine.countFree(size);
    }
    Tally.Refused refused = null;
    try {
      inner.free(address);
    } catch (RuntimeException | Error e) {
      if (tookNothing(e)) {
        refused = from.refusedRemotely(address, size, isGone(e));
      }
      throw e;
    } finally {
      if (refused == null) {
        from.freedRemotely(address);
      } else if (refused != Tally.Refused.COUNTS) {
        synchronized (mine) {
          mine.uncountFree(size);
          if (refused == Tally.Refused.MOVE) {
            mine.restore(address, size);
          }
        }
      }
    }
    return true;
  }

  /** {@return what was counted since this allocator was made} Shared, may block for an instant. */
  public final StatsCounters counters() {
    return tallies.counters();
  }

  /**
   * Begins to count anew, until {@link #pop}. What was counted so far is kept. Pushes nest.
   *
   * <p>Shared, may block for an instant.
   */
  public final void push() {
    tallies.push();
  }

  /**
   * Ends the counting that the last {@link #push} began, and goes on with the one before, as if the
   * push had not been.
   *
   * <p>Shared, may block for an instant.
   *
   * @return what was counted since the push
   * @throws IllegalStateException if there was no push
   */
  public final StatsCounters pop() {
    return tallies.pop();
  }

  /** Makes the peaks what is live now. Shared, may block for an instant. */
  public final void resetPeak() {
    tallies.resetPeak();
  }
}
