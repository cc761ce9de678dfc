package org.jallocator.diagnostics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.OwnerFence;
import org.jallocator.spi.Turns;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * All tallies of one {@link StatsAllocator}: which thread has which, who has a block, and close.
 *
 * <p>A thread that calls is given a tally, up to {@link #MAX_TALLIES} threads at a time; the tally
 * of a thread that has ended is given to the next. All others share the common tally.
 */
final class Tallies extends TallySums {

  private static final int MAX_TALLIES = 64;
  private static final int HINTS = 256;

  private final boolean shared;
  private final Tally[] hints;
  private final Tally common;

  /** When nobody was in a call. */
  private final Turns turns = new Turns();

  /** Guarded by this. */
  private boolean closed;

  Tallies(boolean shared) {
    Object unused = OwnerFence.kind(); // initializes it now: at the end of a stack it fails
    if (shared) {
      OwnerFence.check(StatsAllocator.NAME);
    }
    this.shared = shared;
    this.common = all[0];
    this.hints = new Tally[shared ? HINTS : 1];
    Arrays.fill(hints, common);
    if (!shared) {
      hints[0] = add(Thread.currentThread());
    }
  }

  /** {@return where threads find their tallies} */
  Tally[] hints() {
    return hints;
  }

  /**
   * Makes each block have a serial, for {@link #dropSince}. For a confined allocator without
   * blocks.
   */
  void keepSerials() {
    for (Tally tally : all) {
      tally.keepSerials();
    }
  }

  /**
   * Begins a call.
   *
   * @return the thread's tally, or the common one; null iff this is being closed or is closed
   */
  @Nullable Tally enter(Thread thread) {
    Tally tally = ownedBy(thread);
    if (tally == null) {
      tally = adopt(thread);
    }
    if (tally == null) {
      return null;
    }
    if (tally == common) {
      return common.enterCommon() ? common : null;
    }
    hints[(int) thread.getId() & (hints.length - 1)] = tally;
    tally.collect();
    tally.renewPeak();
    if (tally.isDue()) {
      note(tally);
    }
    return tally.enterUnlessRevoked() ? tally : null;
  }

  /** Ends a call. */
  void leave(Tally tally) {
    if (tally == common) {
      common.leaveCommon();
    } else {
      tally.leave();
    }
  }

  /** Waits while somebody closes. */
  synchronized void awaitClose() {}

  /**
   * Runs while no call is in progress.
   *
   * @param close calls are refused from now on, unless it throws
   */
  void close(Runnable close) {
    turns.letOthersIn();
    closeAlone(close);
  }

  private synchronized void closeAlone(Runnable close) {
    turns.begin();
    Tally[] all = this.all;
    Thread caller = Thread.currentThread();
    try {
      for (Tally tally : all) {
        tally.revoke();
      }
      OwnerFence.heavy(ownersBut(caller));
      for (Tally tally : all) {
        for (int tries = 0; tally.owner != caller && !tally.isQuiet(); tries++) {
          Waiting.pause(tries);
        }
      }
      for (Tally tally : all) {
        tally.collect(); // of two frees that raced both may be counted until then
      }
      close.run();
      closed = true;
    } finally {
      if (!closed) {
        for (Tally tally : all) {
          tally.unrevoke();
        }
      }
      turns.end();
    }
  }

  /** {@return the other threads that may be in a call} */
  private List<Thread> ownersBut(Thread caller) {
    List<Thread> owners = new ArrayList<>();
    for (Tally tally : all) {
      Thread owner = tally.owner;
      if (owner != null && owner != caller && owner.isAlive()) {
        owners.add(owner);
      }
    }
    return owners;
  }

  private @Nullable Tally ownedBy(Thread thread) {
    for (Tally tally : all) {
      if (tally.owner == thread) {
        return tally;
      }
    }
    return null;
  }

  /**
   * {@return the tally of a thread that has ended, or a new one, or the common one; null: closed}
   */
  private synchronized @Nullable Tally adopt(Thread thread) {
    if (closed) {
      return null;
    }
    for (Tally tally : all) {
      Thread owner = tally.owner;
      if (owner != null && !owner.isAlive()) {
        tally.owner = thread;
        return tally;
      }
    }
    return all.length <= MAX_TALLIES ? add(thread) : common;
  }

  private synchronized Tally add(Thread thread) {
    notePeaks(); // while there is one tally, its own peak counts
    Tally tally = new Tally(thread);
    if (shared) {
      tally.noted(NOTE_BLOCKS, NOTE_BYTES);
    }
    Tally[] more = Arrays.copyOf(all, all.length + 1);
    more[all.length] = tally;
    all = more;
    return tally;
  }

  /**
   * {@return the tally that has a live block at an address, or null} O(threads). Others may have
   * had it before: it stays in their tables until they collect.
   */
  @Nullable Tally holderOf(long address) {
    for (Tally tally : all) {
      if (tally.sizeOf(address) != 0 && tally.has(address)) {
        return tally;
      }
    }
    // A table that was being replaced may have been missed.
    for (Tally tally : all) {
      if (tally.has(address)) {
        return tally;
      }
    }
    return null;
  }

  /** Refuses a free of a block that another thread is freeing at this moment. */
  void requireFreedByNobody(long address) {
    for (Tally tally : all) {
      if (tally.isBeingFreed(address)) {
        throw AllocatorEvents.invalidFree(
            StatsAllocator.NAME,
            new InvalidFreeException(Reason.DOUBLE_FREE, StatsAllocator.NAME, address));
      }
    }
  }

  /** {@return the addresses of live blocks, in no order} */
  long[] addresses(int limit) {
    List<Long> addresses = new ArrayList<>();
    for (Tally tally : all) {
      synchronized (tally) {
        tally.forEach(address -> addresses.add(address));
      }
    }
    return addresses.stream().mapToLong(Long::longValue).distinct().limit(limit).toArray();
  }

  /** Counts all blocks as freed. Takes no memory. While no call is in progress. */
  void drop() {
    for (Tally tally : all) {
      synchronized (tally) {
        tally.dropAll();
      }
    }
  }

  /** {@return the serial of the youngest block of a confined allocator} */
  long lastSerial() {
    return all[all.length - 1].mallocs;
  }

  /** Counts the blocks of a confined allocator that are younger than a serial as freed. */
  void dropSince(long serial) {
    for (Tally tally : all) {
      synchronized (tally) {
        tally.dropSince(serial);
      }
    }
  }
}
