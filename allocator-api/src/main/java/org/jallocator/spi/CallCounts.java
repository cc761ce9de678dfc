package org.jallocator.spi;

/**
 * Counts the calls of a layer, for metrics. An allocator that counts them implements this besides.
 * All counts only grow. Shared, never blocks.
 */
public interface CallCounts {

  /** {@return how many blocks were ever handed out} */
  long mallocs();

  /** {@return how many blocks were ever taken back} */
  long frees();

  /** {@return how many mallocs were refused because there was no memory} */
  long failures();
}
