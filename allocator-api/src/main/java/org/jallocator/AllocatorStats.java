package org.jallocator;

/**
 * A snapshot of one allocator. All figures are counts or bytes; each is {@link #UNTRACKED} where
 * the allocator does not keep it (a leaf that calls C keeps no books).
 *
 * @param liveBlocks blocks in the hands of the user
 * @param liveBytes their bytes, each block counted with the length that it occupies, which is at
 *     least the size asked for
 * @param reservedBytes bytes held from the inner allocator
 * @param peakReservedBytes the most that {@code reservedBytes} has been
 * @param innerMallocs blocks ever taken from the inner allocator
 * @param innerFrees blocks ever given back to the inner allocator
 */
public record AllocatorStats(
    long liveBlocks,
    long liveBytes,
    long reservedBytes,
    long peakReservedBytes,
    long innerMallocs,
    long innerFrees) {

  /** Stands for a figure that an allocator does not keep. */
  public static final long UNTRACKED = -1;

  /** What an allocator answers that keeps no books at all. */
  public static final AllocatorStats NOTHING_TRACKED =
      new AllocatorStats(UNTRACKED, UNTRACKED, UNTRACKED, UNTRACKED, UNTRACKED, UNTRACKED);

  /** {@return whether the allocator keeps count of its live blocks} */
  public boolean isTracked() {
    return liveBlocks != UNTRACKED;
  }
}
