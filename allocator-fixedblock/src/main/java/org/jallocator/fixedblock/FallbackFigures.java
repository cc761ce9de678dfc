package org.jallocator.fixedblock;

import java.util.Arrays;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link FallbackAllocator} tells of its two parts: figures, addresses, and what leaks.
 *
 * <p>Shared, never blocks, as far as the parts do not.
 *
 * @param primary what serves first
 * @param other what serves the rest
 * @param calls knows how many blocks of other are out, and whether all is closed
 */
record FallbackFigures(OwningAllocator primary, Allocator other, FallbackCalls calls) {

  /** {@return the figures of the primary, and the blocks that are out from other} */
  AllocatorStats stats() {
    if (calls.isClosed()) {
      return new AllocatorStats(0, 0, 0, 0, 0, 0);
    }
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
  long[] liveAddresses(int limit) {
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
    return other instanceof FallbackAllocator tier
        ? tier.figures.liveAddresses(limit)
        : new long[0];
  }

  /** {@return what closing is refused with, or null; no call is in progress} */
  @Nullable LeakException leak() {
    AllocatorStats stats = stats();
    long out = calls.blocks();
    if (!stats.isTracked() && out > 0) {
      stats = new AllocatorStats(true, out, 0, out, 0, 0, 0, 0);
    }
    return stats.liveBlocks() == 0
        ? null
        : new LeakException(
            FallbackAllocator.NAME, stats, liveAddresses(LeakException.MAX_ADDRESSES));
  }
}
