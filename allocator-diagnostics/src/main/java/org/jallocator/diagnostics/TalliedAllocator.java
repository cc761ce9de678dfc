package org.jallocator.diagnostics;

import java.util.ArrayList;
import java.util.List;
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
    return tallies.counters().mallocs();
  }

  @Override
  public final long frees() {
    return tallies.counters().frees();
  }

  @Override
  public final long failures() {
    return tallies.counters().failures();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, may block for an instant: any thread may ask, also while another closes. O(threads).
   * What is live is what is reserved.
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
    if (isClosed()) {
      return;
    }
    giveBackStranded();
    tallies.close(
        () -> {
          LeakException leak = leak();
          if (leak != null) {
            throw AllocatorEvents.leaked(name(), leak);
          }
          setClosed();
          return true;
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
   * of which goes back to the inner.
   */
  @Override
  public final void closeAndRelease() {
    StackRoom.requireForInner();
    requireOwner();
    if (isClosed()) {
      return;
    }
    giveBackStranded();
    List<LeakException> leaks = new ArrayList<>();
    tallies.close(
        () -> {
          LeakException leak = leak();
          if (leak != null) {
            leaks.add(leak);
          }
          setClosed();
          return true;
        });
    if (leaks.isEmpty()) {
      giveBackStranded(); // also those of calls that were in progress
    } else {
      releaseAll(leaks.get(0));
      throw AllocatorEvents.leaked(name(), leaks.get(0));
    }
  }

  /** Gives all blocks to the inner. Nobody else does anything any more. */
  private void releaseAll(LeakException leak) {
    for (long address : tallies.drop()) {
      try {
        inner.free(address);
      } catch (RuntimeException | Error e) {
        Failures.join(leak, e);
      }
    }
    try {
      giveBackStranded();
    } catch (RuntimeException | Error e) {
      Failures.join(leak, e);
    }
  }
}
