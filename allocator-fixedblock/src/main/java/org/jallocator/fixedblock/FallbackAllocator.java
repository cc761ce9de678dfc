package org.jallocator.fixedblock;

import java.util.concurrent.atomic.LongAdder;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;
import org.jspecify.annotations.Nullable;

/**
 * Serves from a primary what that can serve, and from another allocator what it cannot.
 *
 * <pre>{@code
 * size <= primary.maxSize()   primary, and other when primary has no memory
 * size >  primary.maxSize()   other
 * free                        primary is asked whether the block is its; if not, it is other's
 * }</pre>
 *
 * <p>Nest it for tiers. It keeps one book of its own, the count of blocks that are out from {@code
 * other}, so that closing finds leaks even where other is a leaf that keeps none. The live blocks
 * of the primary count as its own. It gives nothing back at closing: its parts do, when they close.
 *
 * <p>As shared as its parts: shared iff both are. It is owning iff other is; {@link #create(
 * OwningAllocator, OwningAllocator)} makes that kind.
 *
 * <p>Price: one compare on the way to the primary; on the way to other, for frees, one look-up in
 * the primary. Not for choosing among many sizes: tiers are tried one after another.
 */
public sealed class FallbackAllocator extends ColdPaths permits OwningFallbackAllocator {

  static final String NAME = "fallback";

  private final OwningAllocator primary;
  private final Allocator other;
  private final long primaryMaxSize;

  private final Thread maker = Thread.currentThread();
  private final boolean shared;
  private final long otherMaxSize;

  /** What was taken from other, and what went back: the difference is out. Where not shared. */
  private long otherMallocs;

  private long otherFrees;

  /** The same where shared. */
  private final LongAdder sharedOtherMallocs = new LongAdder();

  private final LongAdder sharedOtherFrees = new LongAdder();

  private boolean closed;

  /**
   * The primary, where its hot paths may be taken before anything is asked: it is of this module,
   * refuses the threads that this refuses, and this is open.
   */
  private @Nullable PagedAllocator quick;

  FallbackAllocator(OwningAllocator primary, Allocator other) {
    this.primary = primary;
    this.other = other;
    this.primaryMaxSize = primary.maxSize();
    this.otherMaxSize = other.maxSize();
    this.shared = primary.isShared() && other.isShared();
    this.quick =
        primary instanceof PagedAllocator paged && shared == paged.isShared() ? paged : null;
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

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its parts are. The cost is that of the part that
   * serves.
   */
  @Override
  public final long malloc(long size) {
    long address = take(size);
    if (address != NULL) {
      return address;
    }
    return size <= primaryMaxSize ? mallocOutOfLine(size) : mallocSlow(size); // other's hot path
  }

  /** {@return a block of the primary, or NULL where that is not had in an instant} */
  private long take(long size) {
    PagedAllocator quick = this.quick;
    return quick != null ? quick.take(size) : NULL;
  }

  /** {@return NULL also where the primary throws what it should have returned NULL for} */
  private long tryPrimary(long size) {
    PagedAllocator quick = this.quick;
    if (quick != null) {
      return quick.tryMallocSlow(size);
    }
    try {
      return primary.tryMalloc(size);
    } catch (OutOfMemoryError noMemory) {
      return NULL;
    }
  }

  @Override
  final long mallocSlow(long size) {
    requireUsable();
    if (size <= primaryMaxSize) {
      long address = tryPrimary(size);
      if (address != NULL) {
        return address;
      }
    }
    if (size > otherMaxSize) {
      throw unservable(size);
    }
    long address = other.malloc(size);
    countOtherMalloc();
    return address;
  }

  private Error unservable(long size) {
    if (size > maxSize()) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", maxSize());
    }
    return AllocatorErrors.outOfMemory(NAME, size, primary.stats().reservedBytes(), null);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its parts are. The cost is that of the part that
   * serves.
   */
  @Override
  public final long tryMalloc(long size) {
    long address = take(size);
    if (address != NULL) {
      return address;
    }
    return size <= primaryMaxSize ? tryMallocOutOfLine(size) : tryMallocSlow(size);
  }

  @Override
  final long tryMallocSlow(long size) {
    requireUsable();
    if (size <= primaryMaxSize) {
      long address = tryPrimary(size);
      if (address != NULL) {
        return address;
      }
    }
    long address = tryOther(size);
    if (address != NULL) {
      countOtherMalloc();
    }
    return address;
  }

  /** As {@link #tryPrimary}; a call of its own, so that each call sees few classes. */
  private long tryOther(long size) {
    try {
      return other.tryMalloc(size);
    } catch (OutOfMemoryError noMemory) {
      return NULL;
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its parts are. The primary's look-up, and the
   * cost of the part whose block it is.
   */
  @Override
  public final void free(long address) {
    PagedAllocator quick = this.quick;
    if (quick == null || !quick.give(address)) {
      tryFreeOutOfLine(address);
    }
  }

  /** {@return true} What is not of the primary is of other, or other throws. */
  @Override
  final boolean tryFreeSlow(long address) {
    requireUsable();
    PagedAllocator quick = this.quick;
    boolean freed = quick != null ? quick.tryFreeSlow(address) : primary.tryFree(address);
    if (!freed && address != NULL) {
      other.free(address);
      countOtherFree();
    }
    return true;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its parts are. The primary is asked also where
   * the size alone would tell that the block is not its: a block of the primary that comes with a
   * wrong size is refused, and never reaches other.
   */
  @Override
  public final void free(long address, long size) {
    requireUsable();
    if (address != NULL && !primary.tryFree(address, size)) {
      other.free(address, size);
      countOtherFree();
    }
  }

  @Override
  public final long maxSize() {
    return Math.max(primaryMaxSize, otherMaxSize);
  }

  /** {@return the lesser of its parts' alignments} */
  @Override
  public final long alignment() {
    return Math.min(primary.alignment(), other.alignment());
  }

  /** {@return whether both parts are shared} */
  @Override
  public final boolean isShared() {
    return shared;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its parts are. The primary's snapshot and the
   * blocks that are out from other. The bytes of these are not kept, so that figures in bytes are
   * untracked while there are any.
   */
  @Override
  public final AllocatorStats stats() {
    requireOwner();
    AllocatorStats inner = primary.stats();
    if (!inner.isTracked()) {
      return AllocatorStats.NOTHING_TRACKED;
    }
    long taken = otherMallocs + sharedOtherMallocs.sum();
    long out = otherBlocks();
    return new AllocatorStats(
        inner.liveBlocks() + out,
        out == 0 ? inner.liveBytes() : AllocatorStats.UNTRACKED,
        out == 0 ? inner.reservedBytes() : AllocatorStats.UNTRACKED,
        taken == 0 ? inner.peakReservedBytes() : AllocatorStats.UNTRACKED,
        inner.innerMallocs() + taken,
        inner.innerFrees() + taken - out);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its parts are.
   *
   * @throws LeakException if blocks of either part are live; no addresses are known
   */
  @Override
  public final void close() {
    requireOwner();
    if (closed) {
      return;
    }
    AllocatorStats stats = stats();
    long live = stats.isTracked() ? stats.liveBlocks() : otherBlocks();
    if (live != 0) {
      throw new LeakException(NAME, live, stats.liveBytes());
    }
    closed = true;
    quick = null;
  }

  /** {@return how many blocks are out from other} */
  private long otherBlocks() {
    return otherMallocs + sharedOtherMallocs.sum() - otherFrees - sharedOtherFrees.sum();
  }

  private void countOtherMalloc() {
    if (shared) {
      sharedOtherMallocs.increment();
    } else {
      otherMallocs++;
    }
  }

  final void countOtherFree() {
    if (shared) {
      sharedOtherFrees.increment();
    } else {
      otherFrees++;
    }
  }

  final void requireUsable() {
    requireOwner();
    if (closed) {
      throw AllocatorErrors.closed(NAME);
    }
  }

  private void requireOwner() {
    if (!shared && Thread.currentThread() != maker) {
      throw canBeShared(this)
          ? AllocatorErrors.wrongThread(NAME, maker, "shared=true in its parts")
          : AllocatorErrors.wrongThread(NAME, maker);
    }
  }

  /** {@return whether an allocator is shared or has an option for that, as far as is known here} */
  private static boolean canBeShared(Allocator allocator) {
    return allocator.isShared()
        || allocator instanceof PagedAllocator
        || (allocator instanceof FallbackAllocator tier
            && canBeShared(tier.primary)
            && canBeShared(tier.other));
  }

  @Override
  public final String toString() {
    return NAME + "(" + primary + ", " + other + ")";
  }
}
