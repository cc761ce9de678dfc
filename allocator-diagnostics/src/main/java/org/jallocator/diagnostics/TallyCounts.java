package org.jallocator.diagnostics;

/**
 * The counts of a {@link Tally}: mallocs, frees, bytes and failures, and the peak of what was
 * allocated less what was freed. It has no blocks.
 *
 * <pre>
 *   netBlocks = mallocs - frees          peakNetBlocks: the most that it has been
 *   netBytes  = totalBytes - freedBytes  peakNetBytes:  the most that it has been
 * </pre>
 *
 * <p>A thread counts what it frees, whoever allocated it. So the net of one tally may be less than
 * 0; it is the tally's share of what is live. {@link Tallies} has the peak of the sum of all
 * shares. It calls {@link #noteAfter}, and {@link #setDue} is called when the share has changed by
 * so much.
 *
 * <p>Who writes what: the owner of the tally, without a lock. If the tally has no owner, the
 * monitor guards all of it. Any thread reads without a lock. Invariant: the sums of mallocs never
 * fall.
 */
abstract class TallyCounts {

  static final int BUCKETS = 65;

  /** Mallocs by the power of two that is not less than their size. */
  final long[] histogram = new long[BUCKETS];

  long mallocs;

  /** The bytes of all mallocs. */
  long totalBytes;

  /** What was freed by this thread, whoever allocated it. */
  long frees;

  long freedBytes;
  long failures;

  /** The most that {@link #netBlocks} has been. */
  long peakNetBlocks;

  /** The most that {@link #netBytes} has been. */
  long peakNetBytes;

  /** Where the share has changed enough to compare all shares with the peak. */
  private long noteAboveBytes = Long.MAX_VALUE;

  private long noteBelowBytes = Long.MIN_VALUE;
  private long noteAboveBlocks = Long.MAX_VALUE;

  /** Up to here a malloc has nothing to do about peaks: the lesser of peak and {@code note...}. */
  private long watchBytes;

  private long watchBlocks;

  /** Until so much is freed the share cannot have fallen below {@code noteBelowBytes}. */
  private long watchFreedBytes = Long.MAX_VALUE;

  /** Makes the owner's next call compare all shares with the peak. */
  abstract void setDue();

  /** Mallocs less frees. */
  final long netBlocks() {
    return mallocs - frees;
  }

  final long netBytes() {
    return totalBytes - freedBytes;
  }

  /** {@return the bucket of the histogram for a size} */
  static int bucketOf(long size) {
    return Long.SIZE - Long.numberOfLeadingZeros(size - 1);
  }

  final void countMalloc(long size) {
    histogram[bucketOf(size)]++;
    long blocks = ++mallocs - frees;
    long bytes = (totalBytes += size) - freedBytes;
    if (blocks > watchBlocks || bytes > watchBytes) {
      raisePeak(blocks, bytes);
    }
  }

  private void raisePeak(long blocks, long bytes) {
    setPeak(Math.max(blocks, peakNetBlocks), Math.max(bytes, peakNetBytes));
    if (blocks > noteAboveBlocks || bytes > noteAboveBytes) {
      setDue();
    }
  }

  /** Counts a free, but does not look whether the share has fallen enough. */
  final void countFree(long size) {
    frees++;
    freedBytes += size;
  }

  final void uncountFree(long size) {
    frees--;
    freedBytes -= size;
  }

  /** Calls {@link #setDue} if the share has fallen enough. By the owner, after a free. */
  final void watchFrees() {
    if (freedBytes > watchFreedBytes) {
      noteFrees();
    }
  }

  private void noteFrees() {
    if (totalBytes - freedBytes < noteBelowBytes) {
      setDue();
    }
    watchFreedBytes = totalBytes - noteBelowBytes;
  }

  final void setPeak(long blocks, long bytes) {
    peakNetBlocks = blocks;
    peakNetBytes = bytes;
    watchBlocks = Math.min(blocks, noteAboveBlocks);
    watchBytes = Math.min(bytes, noteAboveBytes);
  }

  /** Makes {@link #setDue} be called when the share has changed by so much. */
  final void noteAfter(long blocks, long bytes) {
    noteAboveBlocks = netBlocks() + blocks;
    noteAboveBytes = netBytes() + bytes;
    noteBelowBytes = netBytes() - bytes;
    watchFreedBytes = totalBytes - noteBelowBytes;
    setPeak(peakNetBlocks, peakNetBytes);
  }
}
