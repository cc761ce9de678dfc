package org.jallocator.diagnostics;

import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jallocator.AllocatorStats;

/**
 * The sums and peaks of all tallies of one {@link StatsAllocator}. Any thread may ask, also while
 * another closes.
 *
 * <p>Live is what all tallies allocated, less what all freed, read in this order: beside other
 * threads it may be too low, and never too high. Of two frees of a block that race, if the inner
 * accepts both, both count until the thread that allocated the block calls again or somebody
 * closes: until then it is too low by that block. Peaks: while there is one tally, its own peak
 * counts, which is exact. With more, what is live is compared with the peak whenever a tally's
 * share has changed by {@link #NOTE_BYTES} or {@link #NOTE_BLOCKS}, and at each read. A peak falls
 * only when it is reset.
 */
abstract class TallySums {

  static final long NOTE_BYTES = 16 << 10;
  static final long NOTE_BLOCKS = 256;

  /** The figures at a push. */
  private record Frame(StatsCounters start, long outerPeakBlocks, long outerPeakBytes) {}

  /** All tallies, the common one first; replaced, never changed. */
  volatile Tally[] all = {new Tally(null)};

  /**
   * The monitor of the peaks and the frames. Nobody waits for anything with it, so that any thread
   * may ask for figures while another closes.
   */
  private final Object peaks = new Object();

  private long peakBlocks;
  private long peakBytes;

  /** The most that {@link #peakBytes} was before it was reset. */
  private long everPeakBytes;

  private final Deque<Frame> frames = new ArrayDeque<>();

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
    if (all.length == 2) {
      peakBytes = Math.max(peakBytes, all[1].peakNetBytes);
      peakBlocks = Math.max(peakBlocks, all[1].peakNetBlocks);
    }
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
      frames.push(new Frame(counters(), peakBlocks, peakBytes));
      makePeaksLive();
    }
  }

  final StatsCounters pop() {
    synchronized (peaks) {
      Frame frame = frames.peek();
      if (frame == null) {
        throw new IllegalStateException(StatsAllocator.NAME + ": pop without a push: pushes=0");
      }
      StatsCounters counted = since(frame.start);
      frames.pop();
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
      notePeaks(liveBlocks(), liveBytes());
      makePeaksLive();
    }
  }

  /** Needs the monitor of the peaks. */
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

  final StatsCounters counters() {
    long frees = frees();
    VarHandle.loadLoadFence(); // each of them has its malloc, which is counted below
    long[] histogram = new long[TallyCounts.BUCKETS];
    long failures = 0;
    long totalBytes = 0;
    for (Tally tally : all) {
      for (int i = 0; i < histogram.length; i++) {
        histogram[i] += tally.histogram[i];
      }
      failures += tally.failures;
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
          failures,
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
    synchronized (peaks) {
      long blocks = liveBlocks();
      long bytes = liveBytes();
      notePeaks(blocks, bytes);
      long peak = Math.max(everPeakBytes, peakBytes);
      long mallocs = mallocs();
      return new AllocatorStats(blocks, bytes, bytes, peak, mallocs, Math.min(frees, mallocs));
    }
  }
}
