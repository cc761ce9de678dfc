package org.jallocator.large;

/**
 * What a large-block allocator has from its inner, over all stripes. Changed when a block comes or
 * goes, under this lock, so that the peak is exact; any thread reads.
 *
 * <p>A thread that holds the lock of a stripe may take this one, and no other after it.
 */
final class Reserved extends BriefLock {

  volatile long bytes;
  volatile long peakBytes;
  volatile long innerMallocs;
  volatile long innerFrees;
}
