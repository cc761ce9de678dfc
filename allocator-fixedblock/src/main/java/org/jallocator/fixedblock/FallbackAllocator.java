package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.fixedblock.CallGate.Caller;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.OwnerFence;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * Serves from a primary what that can serve, and from another allocator what it cannot.
 *
 * <pre>{@code
 * size <= primary.maxSize()   primary; other if primary has no memory
 * size >  primary.maxSize()   other
 * free                        primary is asked whether the block is its; if not, it is other's
 * }</pre>
 *
 * <p>Nest it for tiers. It keeps one book of its own, the count of blocks that are out from {@code
 * other}: closing finds leaks even if other is a leaf that keeps no books, and a free with nothing
 * out is refused. The live blocks of the primary count as its own. It gives nothing back at
 * closing: its parts do, when they close.
 *
 * <p>Shared, may block, iff both parts are shared; else confined to its owner thread. It is owning
 * iff other is; {@link #create(OwningAllocator, OwningAllocator)} makes that kind.
 *
 * <p>A block of the primary that comes back with a wrong size is refused, and never reaches other.
 *
 * <p>The first one of a shape, such as fixed blocks over size classes over a leaf, makes a class,
 * which takes about a millisecond.
 *
 * <p>Price: one compare on the way to the primary; on the way to other, for frees, some look-ups in
 * the primary. If shared, the way to other adds to a count of calls twice: atomically for virtual
 * threads, and for platform threads that share a number modulo 64 with another one. Not for
 * choosing among many sizes: tiers are tried one after another.
 */
public abstract class FallbackAllocator extends ColdCalls {

  static final String NAME = "fallback";

  static {
    AllocatorEvents.areHeard(); // is initialized now, and not first where the stack ends
  }

  final OwningAllocator primary;
  final Allocator other;
  private final long primaryMaxSize;
  private final long otherMaxSize;
  private final boolean shared;
  final FallbackCalls calls;
  final FallbackFigures figures;

  /**
   * The primary, if its hot paths may be taken before anything is asked: it is of this module, it
   * refuses the threads that this refuses, and this is open.
   */
  @Nullable PagedAllocator fastPrimary;

  /** Other, if it is the next tier and its hot paths may be taken as well: if this is confined. */
  @Nullable FallbackAllocator fastTier;

  FallbackAllocator(OwningAllocator primary, Allocator other) {
    this.primary = primary;
    this.other = other;
    this.primaryMaxSize = primary.maxSize();
    this.otherMaxSize = other.maxSize();
    this.shared = primary.isShared() && other.isShared();
    if (shared) {
      OwnerFence.check(NAME);
    }
    this.calls = new FallbackCalls(shared, canBeShared(primary) && canBeShared(other));
    this.figures = new FallbackFigures(primary, other, calls);
    this.fastPrimary = fastPrimary();
    this.fastTier = fastTier();
  }

  /** {@return whether an allocator is shared or has an option for that, as far as is known here} */
  private static boolean canBeShared(Allocator allocator) {
    return allocator.isShared()
        || allocator instanceof PagedAllocator
        || (allocator instanceof FallbackAllocator tier
            && canBeShared(tier.primary)
            && canBeShared(tier.other));
  }

  private @Nullable PagedAllocator fastPrimary() {
    return primary instanceof PagedAllocator paged && shared == paged.isShared() ? paged : null;
  }

  private @Nullable FallbackAllocator fastTier() {
    return fastPrimary() != null && other instanceof FallbackAllocator tier && !tier.shared
        ? tier
        : null;
  }

  /**
   * Makes an allocator of two.
   *
   * @param primary what serves first; stays open when this allocator closes
   * @param other what serves the rest; stays open when this allocator closes
   * @return a new allocator, owning iff {@code other} is an {@link OwningAllocator}
   */
  public static FallbackAllocator create(OwningAllocator primary, Allocator other) {
    return other instanceof OwningAllocator owning
        ? create(primary, owning)
        : FallbackClasses.make(primary, other);
  }

  /**
   * Makes an owning allocator of two.
   *
   * @param primary what serves first; stays open when this allocator closes
   * @param other what serves the rest; stays open when this allocator closes
   * @return a new allocator that owns what either part owns
   */
  public static OwningFallbackAllocator create(OwningAllocator primary, OwningAllocator other) {
    return FallbackClasses.make(primary, other);
  }

  // ---------------------------------------------------------------- malloc

  /** Mallocs what the hot path of the primary did not serve. */
  final long mallocBesides(long size) {
    return size > primaryMaxSize && !shared ? mallocSlow(size) : mallocCold(size);
  }

  @Override
  final long mallocSlow(long size) {
    long ungated = tryMallocUngated(size);
    if (ungated != NULL) {
      return ungated;
    }
    Caller caller = calls.enter();
    int taken = 0;
    try {
      long address = tryPrimary(size);
      if (address == NULL) {
        if (size > otherMaxSize) {
          throw unservable(size);
        }
        address = other.malloc(size);
        taken = 1;
      }
      return address;
    } finally {
      if (shared) {
        calls.leave(caller, taken);
      } else {
        calls.blocks += taken; // not by a call: a stack overflow would lose the block
      }
    }
  }

  /** As {@link #mallocBesides}. */
  final long tryMallocBesides(long size) {
    return size > primaryMaxSize && !shared ? tryMallocSlow(size) : tryMallocCold(size);
  }

  @Override
  final long tryMallocSlow(long size) {
    long ungated = tryMallocUngated(size);
    if (ungated != NULL) {
      return ungated;
    }
    Caller caller = calls.enter();
    int taken = 0;
    try {
      long address = tryPrimary(size);
      if (address == NULL) {
        address = tryOther(size);
        taken = address == NULL ? 0 : 1;
      }
      return address;
    } finally {
      if (shared) {
        calls.leave(caller, taken);
      } else {
        calls.blocks += taken; // not by a call: a stack overflow would lose the block
      }
    }
  }

  /**
   * Takes a block of the primary without entering the gate, which would cost about as much. Only if
   * the thread may enter a heap at once: closing waits for that, as for the hot path.
   */
  private long tryMallocUngated(long size) {
    PagedAllocator primary = this.fastPrimary;
    if (!shared || primary == null || size < 1 || size > primaryMaxSize) {
      return NULL;
    }
    int exitsSeen = primary.hotPathExits();
    if (this.fastPrimary == null) { // again, and now in this order: see SharedAllocator
      return NULL;
    }
    try {
      return primary.takeEntered(primary.sizeClass(size), exitsSeen);
    } catch (OutOfMemoryError noMemory) {
      return NULL;
    }
  }

  /** {@return NULL also if the primary throws what it should have returned NULL for} */
  private long tryPrimary(long size) {
    if (size > primaryMaxSize) {
      return NULL;
    }
    try {
      return primary instanceof PagedAllocator paged
          ? paged.tryMallocSlow(size)
          : primary.tryMalloc(size);
    } catch (OutOfMemoryError noMemory) {
      return NULL;
    }
  }

  /** As {@link #tryPrimary}; a call of its own, so that each call sees few classes. */
  private long tryOther(long size) {
    try {
      return other.tryMalloc(size);
    } catch (OutOfMemoryError noMemory) {
      return NULL;
    }
  }

  private Error unservable(long size) {
    if (size > maxSize()) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", maxSize());
    }
    return AllocatorErrors.outOfMemory(NAME, size, primary.stats().reservedBytes(), null);
  }

  // ---------------------------------------------------------------- free

  /**
   * Frees a block, if the hot path of a tier does.
   *
   * @return false, and nothing has changed, if it does not
   */
  abstract boolean freeHot(long address);

  /** As {@link #freeHot(long)}. */
  abstract boolean freeHot(long address, long size);

  /** Frees what no hot path did. */
  final void freeBesides(long address) {
    PagedAllocator primary = this.fastPrimary;
    if (primary != null && !calls.isClosed() && primary.freeRemotely(address)) {
      return; // without entering the gate: see tryFreeUngated
    }
    boolean freed = tryFreeCold(address);
    assert freed;
  }

  /**
   * {@return whether blocks are out, the calling thread may free them, and this one is not the
   * primary's} If the primary has its pages from the next tier, its first block and its page, a
   * live block of the tier, have one address.
   */
  final boolean mayBeInTier(long address) {
    PagedAllocator primary = this.fastPrimary;
    return primary != null && calls.hasBlocksOfCaller() && primary.table.find(address) == Page.NONE;
  }

  /** {@return true} What is not of the primary is of other, or other throws. */
  @Override
  final boolean tryFreeSlow(long address) {
    if (!tryFreeUngated(address)) {
      freeGated(address, false, 0);
    }
    return true;
  }

  /** Frees a block of either part, or NULL; {@code size} counts if {@code sized}. */
  private void freeGated(long address, boolean sized, long size) {
    InvalidFreeException refused = null;
    Caller caller = calls.enter();
    int freed = 0;
    try {
      if (address != NULL
          && !(sized ? primary.tryFree(address, size) : tryFreeOfPrimary(address))) {
        refused = refusal(caller, address);
        if (refused == null) {
          freed = -1;
          freeOfOther(address, sized, size);
        }
      }
    } catch (RuntimeException | Error e) {
      freed = StackChecked.tookNothing(other, e) ? 0 : freed;
      throw e;
    } finally {
      calls.leave(caller, freed);
    }
    if (refused != null) {
      throw AllocatorEvents.invalidFree(NAME, refused);
    }
  }

  /** {@return whether a block was the primary's} Its hot path was tried. */
  private boolean tryFreeOfPrimary(long address) {
    return primary instanceof PagedAllocator paged
        ? paged.tryFreeInRoom(address)
        : primary.tryFree(address);
  }

  /** Frees what is not of the primary. The next tier's hot path was tried, or is seldom the way. */
  private void freeOfOther(long address, boolean sized, long size) {
    if (sized) {
      other.free(address, size);
    } else if (other instanceof FallbackAllocator tier) {
      boolean freed = tier.tryFreeInRoom(address);
      assert freed;
    } else {
      other.free(address);
    }
  }

  /**
   * Frees a block of the primary without entering the gate, which would cost about as much as the
   * free. Closing need not wait for it, as for a malloc, whose block it would not see: a block that
   * is being freed is live to the one that closes, or it is free.
   */
  private boolean tryFreeUngated(long address) {
    return shared
        && primary instanceof PagedAllocator paged
        && !calls.isClosed()
        && paged.tryFreeSlow(address);
  }

  /** As {@link #freeBesides(long)}. */
  final void freeBesides(long address, long size) {
    if (isInPageOfPrimary(address, size)) {
      free(address);
    } else {
      StackRoom.require();
      freeGated(address, true, size);
    }
  }

  /** {@return whether the primary has blocks of a size there: then the address alone will do} */
  final boolean isInPageOfPrimary(long address, long size) {
    PagedAllocator primary = this.fastPrimary;
    return primary != null && primary.isInPageFor(address, size);
  }

  /**
   * {@return why what cannot be a block of other is not freed, since none is out; null if it may be
   * one} If other is owning, it refuses by itself. A count that other threads change decides only
   * if no call is in progress.
   */
  private @Nullable InvalidFreeException refusal(Caller caller, long address) {
    return other instanceof OwningAllocator || calls.blocks() > 0 || calls.blocksInQuiet(caller) > 0
        ? null
        : new InvalidFreeException(Reason.FOREIGN, NAME, address);
  }

  // ---------------------------------------------------------------- limits and figures

  @Override
  public final long maxSize() {
    return Math.max(primaryMaxSize, otherMaxSize);
  }

  /** {@return the lesser of its parts' alignments} */
  @Override
  public final long alignment() {
    return Math.min(primary.alignment(), other.alignment());
  }

  /** {@return the bytes that the part which serves the size first gives for it} */
  @Override
  public final long goodSize(long size) {
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
    if (size > maxSize()) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", maxSize());
    }
    if (size > primaryMaxSize) {
      return other.goodSize(size);
    }
    long good = primary.goodSize(size);
    // The other part may have to serve it, with a smaller block.
    return size > otherMaxSize ? good : Math.min(good, other.goodSize(size));
  }

  /** {@return whether both parts are: each call checks the stack here} Shared, never blocks. */
  @Override
  public final boolean isStackChecked() {
    return StackChecked.is(primary) && StackChecked.is(other);
  }

  /** {@return whether both parts are shared} */
  @Override
  public final boolean isShared() {
    return shared;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. The figures of the primary, and the blocks that are out from other:
   * with their bytes if other knows them and has no other live blocks, else as blocks of unknown
   * length.
   */
  @Override
  public final AllocatorStats stats() {
    return figures.stats();
  }

  // ---------------------------------------------------------------- trim and close

  /**
   * {@inheritDoc}
   *
   * <p>Trims both parts.
   */
  @Override
  public final long trim() {
    StackRoom.require();
    calls.leave(calls.enter(), 0);
    return primary.trim() + other.trim();
  }

  /**
   * {@inheritDoc}
   *
   * <p>If confined, any thread may close after the owner has ended. If shared, it waits for calls
   * in progress; a call that races with it completes, or finds this allocator closed.
   *
   * @throws LeakException if blocks of either part are live, with the addresses that the parts can
   *     name
   */
  @Override
  public final void close() {
    close(false);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The memory is that of the parts: they give it back when they close.
   */
  @Override
  public final void closeAndRelease() {
    close(true);
  }

  private void close(boolean release) {
    StackRoom.require();
    calls.requireOwner();
    if (shared && primary instanceof PagedAllocator paged) {
      paged.letOthersIn();
    }
    calls.pause();
    LeakException leak = null;
    try {
      if (!calls.isClosed()) {
        leak = closeQuiet(release);
      }
    } finally {
      if (!calls.isClosed()) {
        fastPrimary = fastPrimary();
        fastTier = fastTier();
      }
      calls.resume();
    }
    if (leak != null) {
      throw AllocatorEvents.leaked(NAME, leak);
    }
  }

  /** Closes; no call is in progress, but those in the primary's hot paths. {@return what leaks} */
  private @Nullable LeakException closeQuiet(boolean release) {
    PagedAllocator fast = fastPrimary;
    fastPrimary = null;
    fastTier = null;
    if (fast != null) {
      fast.leaveHotPaths();
    }
    LeakException leak = figures.leak();
    if (leak == null || release) {
      calls.close();
    }
    return leak;
  }

  /** {@return the name, and both inner allocators} */
  @Override
  public final String toString() {
    return NAME + "(" + primary + ", " + other + ")";
  }
}
