package org.jallocator.fixedblock;

import java.util.Arrays;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
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
 * <p>Price: one compare on the way to the primary; on the way to other, for frees, one look-up in
 * the primary; if shared, also two atomic additions. Not for choosing among many sizes: tiers are
 * tried one after another.
 */
public sealed class FallbackAllocator extends ColdCalls permits OwningFallbackAllocator {

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

  /**
   * The primary, if its hot paths may be taken before anything is asked: it is of this module, it
   * refuses the threads that this refuses, and this is open.
   */
  private @Nullable PagedAllocator fastPrimary;

  FallbackAllocator(OwningAllocator primary, Allocator other) {
    this.primary = primary;
    this.other = other;
    this.primaryMaxSize = primary.maxSize();
    this.otherMaxSize = other.maxSize();
    this.shared = primary.isShared() && other.isShared();
    this.calls = new FallbackCalls(shared, canBeShared(primary) && canBeShared(other));
    this.fastPrimary = fastPrimary();
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
        : new FallbackAllocator(primary, other);
  }

  /**
   * Makes an owning allocator of two.
   *
   * @param primary what serves first; stays open when this allocator closes
   * @param other what serves the rest; stays open when this allocator closes
   * @return a new allocator that owns what either part owns
   */
  public static OwningFallbackAllocator create(OwningAllocator primary, OwningAllocator other) {
    return new OwningFallbackAllocator(primary, other);
  }

  // ---------------------------------------------------------------- malloc

  @Override
  public final long malloc(long size) {
    long address = mallocHot(size);
    if (address != NULL) {
      return address;
    }
    return size > primaryMaxSize && !shared ? mallocSlow(size) : mallocCold(size);
  }

  /**
   * {@return a block of the primary's hot path, or NULL} Each kind by name: in a program with
   * several stacks one virtual call would see them all, and none would be inlined.
   */
  private long mallocHot(long size) {
    PagedAllocator primary = this.fastPrimary;
    if (primary instanceof SharedSizeClasses classes) {
      return classes.mallocHot(size);
    }
    if (primary instanceof ConfinedSizeClasses classes) {
      return classes.mallocHot(size);
    }
    if (primary instanceof ConfinedFixedBlocks blocks) {
      return blocks.mallocHot(size);
    }
    if (primary instanceof SharedFixedBlocks blocks) {
      return blocks.mallocHot(size);
    }
    return NULL;
  }

  @Override
  final long mallocSlow(long size) {
    long ungated = tryMallocUngated(size);
    if (ungated != NULL) {
      return ungated;
    }
    int stripe = calls.enter();
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
      calls.leave(stripe, taken);
    }
  }

  @Override
  public final long tryMalloc(long size) {
    long address = mallocHot(size);
    if (address != NULL) {
      return address;
    }
    return size > primaryMaxSize && !shared ? tryMallocSlow(size) : tryMallocCold(size);
  }

  @Override
  final long tryMallocSlow(long size) {
    long ungated = tryMallocUngated(size);
    if (ungated != NULL) {
      return ungated;
    }
    int stripe = calls.enter();
    int taken = 0;
    try {
      long address = tryPrimary(size);
      if (address == NULL) {
        address = tryOther(size);
        taken = address == NULL ? 0 : 1;
      }
      return address;
    } finally {
      calls.leave(stripe, taken);
    }
  }

  /**
   * Takes a block of the primary without entering the gate, which would cost two atomic additions.
   * Only if the thread may enter its own heap: closing waits for that, as for the hot path.
   */
  private long tryMallocUngated(long size) {
    PagedAllocator primary = this.fastPrimary;
    if (!shared || primary == null || size < 1 || size > primaryMaxSize) {
      return NULL;
    }
    try {
      return primary.takeEntered(primary.sizeClass(size));
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

  @Override
  public final void free(long address) {
    if (!freeHot(address)) {
      boolean freed = tryFreeCold(address);
      assert freed;
    }
  }

  /** As {@link #mallocHot}. */
  final boolean freeHot(long address) {
    PagedAllocator primary = this.fastPrimary;
    if (primary instanceof SharedSizeClasses classes) {
      return classes.freeHot(address);
    }
    if (primary instanceof ConfinedSizeClasses classes) {
      return classes.freeHot(address);
    }
    if (primary instanceof ConfinedFixedBlocks blocks) {
      return blocks.freeHot(address);
    }
    if (primary instanceof SharedFixedBlocks blocks) {
      return blocks.freeHot(address);
    }
    return false;
  }

  /** {@return true} What is not of the primary is of other, or other throws. */
  @Override
  final boolean tryFreeSlow(long address) {
    if (tryFreeUngated(address)) {
      return true;
    }
    InvalidFreeException refused = null;
    int stripe = calls.enter();
    int freed = 0;
    try {
      if (!primary.tryFree(address) && address != NULL) {
        refused = refusal(stripe, address);
        if (refused == null) {
          freed = -1;
          other.free(address);
        }
      }
    } catch (IllegalArgumentException | IllegalStateException e) {
      freed = 0; // other took nothing
      throw e;
    } finally {
      calls.leave(stripe, freed);
    }
    throwRefusal(refused);
    return true;
  }

  /**
   * Frees a block of the primary without entering the gate, which would cost as much as the free:
   * two atomic additions. Closing need not wait for it, as for a malloc, whose block it would not
   * see: a block that is being freed is live to the one that closes, or it is free.
   */
  private boolean tryFreeUngated(long address) {
    return shared
        && primary instanceof PagedAllocator paged
        && !calls.isClosed()
        && paged.tryFreeSlow(address);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The primary is asked also if the size alone shows that the block is not its: a block of the
   * primary that comes with a wrong size is refused, and never reaches other.
   */
  @Override
  public final void free(long address, long size) {
    StackRoom.require();
    InvalidFreeException refused = null;
    int stripe = calls.enter();
    int freed = 0;
    try {
      if (address != NULL && !primary.tryFree(address, size)) {
        refused = refusal(stripe, address);
        if (refused == null) {
          freed = -1;
          other.free(address, size);
        }
      }
    } catch (IllegalArgumentException | IllegalStateException e) {
      freed = 0; // other took nothing
      throw e;
    } finally {
      calls.leave(stripe, freed);
    }
    throwRefusal(refused);
  }

  /**
   * {@return why what cannot be a block of other is not freed, since none is out; null if it may be
   * one} If other is owning, it refuses by itself. A count that other threads change decides only
   * if no call is in progress.
   */
  private @Nullable InvalidFreeException refusal(int stripe, long address) {
    return other instanceof OwningAllocator || calls.blocks() > 0 || calls.blocksInQuiet(stripe) > 0
        ? null
        : new InvalidFreeException(Reason.FOREIGN, NAME, address);
  }

  private static void throwRefusal(@Nullable InvalidFreeException refused) {
    if (refused != null) {
      throw AllocatorEvents.invalidFree(NAME, refused);
    }
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
    return calls.isClosed() ? new AllocatorStats(0, 0, 0, 0, 0, 0) : openStats();
  }

  private AllocatorStats openStats() {
    AllocatorStats first = primary.stats();
    if (!first.isTracked()) {
      return AllocatorStats.UNTRACKED;
    }
    long out = calls.blocks();
    AllocatorStats rest = other.stats();
    if (rest.isTracked() && rest.liveBlocks() == out) { // else it has blocks of others, too
      return new AllocatorStats(
          true,
          first.liveBlocks() + out,
          first.liveBytes() + rest.liveBytes(),
          first.unsizedBlocks() + rest.unsizedBlocks(),
          first.reservedBytes() + rest.reservedBytes(),
          first.peakReservedBytes() + rest.peakReservedBytes(),
          first.innerMallocs() + rest.innerMallocs(),
          first.innerFrees() + rest.innerFrees());
    }
    return new AllocatorStats(
        true,
        first.liveBlocks() + out,
        first.liveBytes(),
        first.unsizedBlocks() + out,
        first.reservedBytes(),
        first.peakReservedBytes(),
        first.innerMallocs(),
        first.innerFrees());
  }

  /** {@return the addresses of some live blocks of the parts that can name them} */
  final long[] addresses(int limit) {
    long[] first = primary.liveAddresses(limit);
    if (first.length == limit || other.stats().liveBlocks() != calls.blocks()) {
      return first; // or other has blocks of others, too
    }
    long[] rest = addressesOfOther(limit - first.length);
    long[] all = Arrays.copyOf(first, first.length + rest.length);
    System.arraycopy(rest, 0, all, first.length, rest.length);
    return all;
  }

  private long[] addressesOfOther(int limit) {
    if (other instanceof OwningAllocator owning) {
      return owning.liveAddresses(limit);
    }
    return other instanceof FallbackAllocator tier ? tier.addresses(limit) : new long[0];
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
    if (fast != null) {
      fast.leaveHotPaths();
    }
    LeakException leak = leak();
    if (leak == null || release) {
      calls.close();
    }
    return leak;
  }

  private @Nullable LeakException leak() {
    AllocatorStats stats = stats();
    long out = calls.blocks();
    if (!stats.isTracked() && out > 0) {
      stats = new AllocatorStats(true, out, 0, out, 0, 0, 0, 0);
    }
    return stats.liveBlocks() == 0
        ? null
        : new LeakException(NAME, stats, addresses(LeakException.MAX_ADDRESSES));
  }

  /** {@return the name, and both inner allocators} */
  @Override
  public final String toString() {
    return NAME + "(" + primary + ", " + other + ")";
  }
}
