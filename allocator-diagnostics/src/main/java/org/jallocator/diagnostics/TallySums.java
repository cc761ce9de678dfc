package org.jallocator.diagnostics;

import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongBinaryOperator;
import org.jallocator.AllocatorStats;
import org.jspecify.annotations.Nullable;

/**
 * The sums and peaks of all tallies of one {@link StatsAllocator}. Any thread may ask, also while
 * another closes.
 *
 * <p>Live is what all tallies allocated, less what all freed, read in this order: beside other
 * threads it may be too low, and never too high. Of two frees of a block that race, if the inner
 * accepts both, both count until the thread that allocated the block calls again or somebody
 * closes: until then it is too low by that block. Peaks: while there is one tally, its own peak
 * counts, which is exact. With more, what is live is compared with the peak whenever a tally's
 * share has changed by {@link #NOTE_BYTES} or {@link #NOTE_BLOCKS}, and when the counters are read.
 * A peak falls only when it is reset. {@link #stats} enters no monitor: its peak is of all time,
 * and only grows.
 */
abstract class TallySums {

  static final long NOTE_BYTES = 16 << 10;
  static final long NOTE_BLOCKS = 256;

  private static final LongBinaryOperator MAX = Math::max;

  /** The figures at a push, and the push before it. */
  private record Frame(
      @Nullable Frame outer, StatsCounters start, long outerPeakBlocks, long outerPeakBytes) {}

  /** All tallies, the common one first; replaced, never changed. */
  volatile Tally[] all = {new Tally(null)};

  /**
   * The monitor of the peaks and the frames, entered before that of a tally. Nobody waits for a
   * call in progress with it, so that any thread may ask for counters while another closes.
   */
  private final Object peaks = new Object();

  private long peakBlocks;
  private long peakBytes;

  /** The last push that was not popped. */
  private @Nullable Frame frame;

  /** The most that {@link #peakBytes} ever was, and that {@link #stats} ever saw. */
  private final AtomicLong everPeakBytes = new AtomicLong();

  /** Makes the peaks at least what is live now. */
  final void notePeaks() {
    synchronized (peaks) {
      notePeaks(liveBlocks(), liveBytes());
    }
  }

  /** As {@link #notePeaks()}; and a tally is not due again before its share has changed enough. */
  final void note(Tally tally) {
    notePeaks();
    tally.noted(NOTE_BLOCKS, NOTE_BYTES);
  }

  /** Makes the peaks at least what is live. Needs the monitor of the peaks. */
  private void notePeaks(long blocks, long bytes) {
    peakBytes = Math.max(peakBytes, bytes);
    peakBlocks = Math.max(peakBlocks, blocks);
    Tally[] all = this.all;
    if (all.length == 2 && !all[1].isPeakOld()) {
      peakBytes = Math.max(peakBytes, all[1].peakNetBytes);
      peakBlocks = Math.max(peakBlocks, all[1].peakNetBlocks);
    }
    notePeakOfAllTime(peakBytes);
  }

  private long notePeakOfAllTime(long bytes) {
    return everPeakBytes.accumulateAndGet(bytes, MAX);
  }

  final long liveBytes() {
    Tally[] all = this.all;
    long bytes = 0;
    for (Tally tally : all) {
      bytes += tally.totalBytes;
    }
    VarHandle.loadLoadFence();
    for (Tally tally : this.all) { // a new one may have freed what was counted above
      bytes -= tally.freedBytes;
    }
    return Math.max(0, bytes);
  }

  private long liveBlocks() {
    long blocks = mallocs();
    VarHandle.loadLoadFence();
    return Math.max(0, blocks - frees());
  }

  private long mallocs() {
    long mallocs = 0;
    for (Tally tally : all) {
      mallocs += tally.mallocs;
    }
    return mallocs;
  }

  private long frees() {
    long frees = 0;
    for (Tally tally : all) {
      frees += tally.frees;
    }
    return frees;
  }

  final void push() {
    synchronized (peaks) {
      StatsCounters start = counters();
      frame = new Frame(frame, start, peakBlocks, peakBytes);
      setPeaks(start.liveBlocks(), start.liveBytes());
    }
  }

  final StatsCounters pop() {
    synchronized (peaks) {
      Frame frame = this.frame;
      if (frame == null) {
        throw new IllegalStateException(StatsAllocator.NAME + ": pop without a push: pushes=0");
      }
      StatsCounters counted = since(frame.start);
      this.frame = frame.outer;
      peakBlocks = Math.max(peakBlocks, frame.outerPeakBlocks);
      peakBytes = Math.max(peakBytes, frame.outerPeakBytes);
      return counted;
    }
  }

  /** {@return what was counted since some figures} Needs the monitor of the peaks. */
  private StatsCounters since(StatsCounters start) {
    StatsCounters now = counters();
    List<Long> histogram = new ArrayList<>();
    for (int i = 0; i < TallyCounts.BUCKETS; i++) {
      histogram.add(now.histogram().get(i) - start.histogram().get(i));
    }
    return new StatsCounters(
        now.mallocs() - start.mallocs(),
        now.frees() - start.frees(),
        now.failures() - start.failures(),
        now.liveBlocks() - start.liveBlocks(),
        now.liveBytes() - start.liveBytes(),
        now.peakBlocks() - start.liveBlocks(),
        now.peakBytes() - start.liveBytes(),
        now.totalBytes() - start.totalBytes(),
        histogram);
  }

  final void resetPeak() {
    synchronized (peaks) {
      long blocks = liveBlocks();
      long bytes = liveBytes();
      notePeaks(blocks, bytes);
      setPeaks(blocks, bytes);
    }
  }

  /** Makes the peaks what was live a moment ago. Needs the monitor of the peaks. */
  private void setPeaks(long blocks, long bytes) {
    Tally[] all = this.all;
    if (all.length == 2) {
      all[1].setPeakOld();
    }
    peakBytes = bytes;
    peakBlocks = blocks;
  }

  final long failures() {
    long failures = 0;
    for (Tally tally : all) {
      failures += tally.failures;
    }
    return failures;
  }

  final StatsCounters counters() {
    long frees = frees();
    VarHandle.loadLoadFence(); // each of them has its malloc, which is counted below
    long[] histogram = new long[TallyCounts.BUCKETS];
    long totalBytes = 0;
    for (Tally tally : all) {
      for (int i = 0; i < histogram.length; i++) {
        histogram[i] += tally.histogram[i];
      }
      totalBytes += tally.totalBytes;
    }
    long mallocs = Arrays.stream(histogram).sum();
    synchronized (peaks) {
      long blocks = liveBlocks();
      long bytes = liveBytes();
      notePeaks(blocks, bytes);
      return new StatsCounters(
          mallocs,
          Math.min(frees, mallocs),
          failures(),
          blocks,
          bytes,
          peakBlocks,
          peakBytes,
          totalBytes,
          Arrays.stream(histogram).boxed().toList());
    }
  }

  final AllocatorStats stats() {
    long frees = frees();
    VarHandle.loadLoadFence(); // each of them has its malloc
    long blocks = liveBlocks();
    long bytes = liveBytes();
    Tally[] all = this.all;
    long peak = notePeakOfAllTime(all.length == 2 ? Math.max(bytes, all[1].peakNetBytes) : bytes);
    long mallocs = mallocs();
    return new AllocatorStats(blocks, bytes, bytes, peak, mallocs, Math.min(frees, mallocs));
  }
}
