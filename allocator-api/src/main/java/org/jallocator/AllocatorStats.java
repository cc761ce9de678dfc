package org.jallocator;

/**
 * A snapshot of one allocator. All figures are counts or bytes, and never negative. Beside other
 * threads a figure may lag, but only behind calls that are in progress.
 *
 * @param isTracked whether the allocator keeps books; a leaf that calls C keeps none, and then all
 *     figures are 0 and mean nothing
 * @param liveBlocks blocks in the hands of the user
 * @param liveBytes their bytes, each block counted with the length that it occupies, which is at
 *     least the size asked for; without the {@code unsizedBlocks}
 * @param unsizedBlocks how many of the live blocks are of unknown length
 * @param reservedBytes bytes held from the inner allocator, without those of {@code unsizedBlocks}
 * @param peakReservedBytes the most that {@code reservedBytes} has been
 * @param innerMallocs blocks ever taken from the inner allocator
 * @param innerFrees blocks ever given back to the inner allocator
 */
public record AllocatorStats(
    boolean isTracked,
    long liveBlocks,
    long liveBytes,
    long unsizedBlocks,
    long reservedBytes,
    long peakReservedBytes,
    long innerMallocs,
    long innerFrees) {

  /** The snapshot of an allocator that keeps no books at all. */
  public static final AllocatorStats UNTRACKED = new AllocatorStats(false, 0, 0, 0, 0, 0, 0, 0);

  /**
   * Makes the snapshot of an allocator that has the length of each block.
   *
   * @param liveBlocks blocks in the hands of the user
   * @param liveBytes their bytes
   * @param reservedBytes bytes held from the inner allocator
   * @param peakReservedBytes the most that {@code reservedBytes} has been
   * @param innerMallocs blocks ever taken from the inner allocator
   * @param innerFrees blocks ever given back to the inner allocator
   */
  public AllocatorStats(
      long liveBlocks,
      long liveBytes,
      long reservedBytes,
      long peakReservedBytes,
      long innerMallocs,
      long innerFrees) {
    this(
        true, liveBlocks, liveBytes, 0, reservedBytes, peakReservedBytes, innerMallocs, innerFrees);
  }
}
