package org.jallocator.diagnostics;

import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Turns;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * All tallies of one {@link StatsAllocator}, and their sums.
 *
 * <p>A thread that calls is given a tally, up to {@link #MAX_TALLIES} threads at a time; the tally
 * of a thread that has ended is given to the next. All others share the common tally.
 *
 * <p>Live is what all tallies allocated, less what all freed, read in this order: beside other
 * threads it may be too low, and never too high. Of two frees of a block that race, if the inner
 * accepts both, both count until the thread that allocated the block calls again or somebody
 * closes: until then it is too low by that block. Peaks: while there is one tally, its own peak
 * counts, which is exact. With more, what is live is compared with the peak whenever a tally's
 * share has changed by {@link #NOTE_BYTES} or {@link #NOTE_BLOCKS}, and at each read.
 */
final class Tallies {

  private static final int MAX_TALLIES = 64;
  private static final int HINTS = 256;
  private static final long NOTE_BYTES = 16 << 10;
  private static final long NOTE_BLOCKS = 256;

  /** The figures at a push. */
  private record Frame(StatsCounters start, long outerPeakBlocks, long outerPeakBytes) {}

  private final boolean shared;
  private final Tally[] hints;
  private final Tally common;

  /** All tallies, the common one first; replaced, never changed. */
  private volatile Tally[] all;

  /** When nobody was in a call. */
  private final Turns turns = new Turns();

  /** Guarded by this. */
  private boolean closed;

  private long peakBlocks;
  private long peakBytes;
  private long everPeakBytes;
  private final Deque<Frame> frames = new ArrayDeque<>();

  Tallies(boolean shared) {
    this.shared = shared;
    this.common = new Tally(null);
    this.hints = new Tally[shared ? HINTS : 1];
    Arrays.fill(hints, common);
    this.all = new Tally[] {common};
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
   * @param close returns whether calls are to be refused from now on
   */
  void close(BooleanSupplier close) {
    turns.letOthersIn();
    closeAlone(close);
  }

  private synchronized void closeAlone(BooleanSupplier close) {
    turns.begin();
    Tally[] all = this.all;
    Thread caller = Thread.currentThread();
    try {
      for (Tally tally : all) {
        tally.revoke();
      }
      for (Tally tally : all) {
        Thread owner = tally.owner;
        if (owner != null && owner != caller && owner.isAlive()) {
          Object unused = owner.getStackTrace();
        }
      }
      for (Tally tally : all) {
        for (int tries = 0; tally.owner != caller && !tally.isQuiet(); tries++) {
          Waiting.pause(tries);
        }
      }
      for (Tally tally : all) {
        tally.collect(); // of two frees that raced both may be counted until then
      }
      closed = close.getAsBoolean();
    } finally {
      if (!closed) {
        for (Tally tally : all) {
          tally.unrevoke();
        }
      }
      turns.end();
    }
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
    notePeaks();
    Tally tally = new Tally(thread);
    if (shared) {
      tally.noted(NOTE_BLOCKS, NOTE_BYTES);
    }
    Tally[] more = Arrays.copyOf(all, all.length + 1);
    more[all.length] = tally;
    all = more;
    return tally;
  }

  private synchronized void note(Tally tally) {
    notePeaks();
    tally.noted(NOTE_BLOCKS, NOTE_BYTES);
  }

  /** Makes the peaks at least what is live now. */
  private void notePeaks() {
    long bytes = Math.max(peakBytes, liveBytes());
    long blocks = Math.max(peakBlocks, liveBlocks());
    Tally[] all = this.all;
    if (all.length == 2) {
      bytes = Math.max(bytes, all[1].peakNetBytes);
      blocks = Math.max(blocks, all[1].peakNetBlocks);
    }
    peakBytes = bytes;
    peakBlocks = blocks;
  }

  long liveBytes() {
    Tally[] all = this.all;
    long bytes = 0;
    for (Tally tally : all) {
      bytes += tally.totalBytes;
    }
    VarHandle.loadLoadFence();
    for (Tally tally : all) {
      bytes -= tally.freedBytes;
    }
    return Math.max(0, bytes);
  }

  private long liveBlocks() {
    Tally[] all = this.all;
    long blocks = mallocs(all);
    VarHandle.loadLoadFence();
    return Math.max(0, blocks - frees(all));
  }

  private static long mallocs(Tally[] all) {
    long mallocs = 0;
    for (Tally tally : all) {
      mallocs += tally.mallocs;
    }
    return mallocs;
  }

  private static long frees(Tally[] all) {
    long frees = 0;
    for (Tally tally : all) {
      frees += tally.frees;
    }
    return frees;
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

  /** Counts all blocks as freed; {@return their addresses} For a closed allocator. */
  long[] drop() {
    long[] addresses = addresses(Integer.MAX_VALUE);
    for (Tally tally : all) {
      synchronized (tally) {
        tally.dropAll();
      }
    }
    return addresses;
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

  synchronized void push() {
    Frame frame = new Frame(counters(), peakBlocks, peakBytes);
    frames.push(frame);
    makePeaksLive();
  }

  synchronized StatsCounters pop() {
    Frame frame = frames.peek();
    if (frame == null) {
      throw new IllegalStateException(StatsAllocator.NAME + ": pop without a push: pushes=0");
    }
    StatsCounters now = counters();
    StatsCounters start = frame.start;
    List<Long> histogram = new ArrayList<>();
    for (int i = 0; i < TallyCounts.BUCKETS; i++) {
      histogram.add(now.histogram().get(i) - start.histogram().get(i));
    }
    StatsCounters counted =
        new StatsCounters(
            now.mallocs() - start.mallocs(),
            now.frees() - start.frees(),
            now.failures() - start.failures(),
            now.liveBlocks() - start.liveBlocks(),
            now.liveBytes() - start.liveBytes(),
            now.peakBlocks() - start.liveBlocks(),
            now.peakBytes() - start.liveBytes(),
            now.totalBytes() - start.totalBytes(),
            histogram);
    frames.pop();
    peakBlocks = Math.max(now.peakBlocks(), frame.outerPeakBlocks);
    peakBytes = Math.max(now.peakBytes(), frame.outerPeakBytes);
    return counted;
  }

  synchronized void resetPeak() {
    notePeaks();
    makePeaksLive();
  }

  private void makePeaksLive() {
    everPeakBytes = Math.max(everPeakBytes, peakBytes);
    Tally[] all = this.all;
    if (all.length == 2) {
      // If another thread owns it, it does not malloc now, or the peak is off by what it does.
      all[1].setPeak(all[1].netBlocks(), all[1].netBytes());
    }
    peakBytes = liveBytes();
    peakBlocks = liveBlocks();
  }

  StatsCounters counters() {
    long[] histogram = new long[TallyCounts.BUCKETS];
    long frees = 0;
    long failures = 0;
    long totalBytes = 0;
    for (Tally tally : all) {
      for (int i = 0; i < histogram.length; i++) {
        histogram[i] += tally.histogram[i];
      }
      frees += tally.frees;
      failures += tally.failures;
      totalBytes += tally.totalBytes;
    }
    notePeaks();
    return new StatsCounters(
        Arrays.stream(histogram).sum(),
        frees,
        failures,
        liveBlocks(),
        liveBytes(),
        peakBlocks,
        peakBytes,
        totalBytes,
        Arrays.stream(histogram).boxed().toList());
  }

  AllocatorStats stats() {
    notePeaks();
    long bytes = liveBytes();
    Tally[] all = this.all;
    return new AllocatorStats(
        liveBlocks(), bytes, bytes, Math.max(everPeakBytes, peakBytes), mallocs(all), frees(all));
  }
}
