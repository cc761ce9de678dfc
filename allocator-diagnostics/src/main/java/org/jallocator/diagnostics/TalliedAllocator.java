package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.CallCounts;
import org.jallocator.spi.Failures;
import org.jallocator.spi.OwnerFence;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * The cold half of a {@link StatsAllocator}: it has the {@link Tallies}, sums them up, and closes.
 *
 * <p>Both ways to close look for live blocks while no call is in progress, see {@link
 * Tallies#close}. If blocks are live, {@link #close} lets calls in again. {@link #closeAndRelease}
 * refuses all further calls, and then gives the blocks to the inner.
 */
abstract sealed class TalliedAllocator extends DiagnosticAllocator implements CallCounts
    permits StatsAllocator {

  /** The counts and blocks of each thread. */
  final Tallies tallies;

  TalliedAllocator(String name, Allocator inner) {
    super(name, inner);
    this.tallies = new Tallies(shared);
  }

  @Override
  public final long mallocs() {
    return tallies.stats().innerMallocs();
  }

  @Override
  public final long frees() {
    return tallies.stats().innerFrees();
  }

  @Override
  public final long failures() {
    return tallies.failures();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks: any thread may ask, also while another closes. O(threads). What is
   * live is what is reserved.
   */
  @Override
  public final AllocatorStats stats() {
    return tallies.stats();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(threads). Has the
   * heavy fence of {@link OwnerFence} against the threads that use this, and waits for calls in
   * progress.
   */
  @Override
  public final void close() {
    StackRoom.requireForInner();
    requireOwner();
    giveBackStranded();
    if (isClosed()) {
      return;
    }
    tallies.close(
        () -> {
          LeakException leak = leak();
          if (leak != null) {
            throw AllocatorEvents.leaked(name(), leak);
          }
          setClosed();
        });
    giveBackStranded(); // also those of calls that were in progress
  }

  private @Nullable LeakException leak() {
    AllocatorStats stats = stats();
    return stats.liveBlocks() == 0
        ? null
        : new LeakException(name(), stats, tallies.addresses(LeakException.MAX_ADDRESSES));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(live blocks), each
   * of which goes back to the inner. Blocks that the inner refuses, some hundred at the most, go
   * back at a further call.
   */
  @Override
  public final void closeAndRelease() {
    StackRoom.requireAboveStack(); // more than the inner asks for: else it may refuse all blocks
    requireOwner();
    giveBackStranded();
    if (isClosed()) {
      return;
    }
    Leaked leaked = new Leaked();
    tallies.close(
        () -> {
          leaked.leak = leak(); // both before the first change: they take memory
          leaked.addresses = tallies.addresses(Integer.MAX_VALUE);
          tallies.drop();
          setClosed();
        });
    LeakException leak = leaked.leak;
    Throwable thrown = leak;
    for (long address : leaked.addresses) {
      try {
        inner.free(address);
      } catch (RuntimeException | Error e) {
        thrown = Failures.join(thrown, e);
        if (keeps(e)) {
          strand(address, 0);
        }
      }
    }
    try {
      giveBackStranded(); // also those of calls that were in progress
    } catch (RuntimeException | Error e) {
      thrown = Failures.join(thrown, e);
    }
    if (leak != null) {
      throw AllocatorEvents.leaked(name(), leak);
    }
    Failures.rethrow(thrown);
  }

  /** What {@link #closeAndRelease} finds. */
  private static final class Leaked {
    private @Nullable LeakException leak;
    private long[] addresses = {};
  }
}
