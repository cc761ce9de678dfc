package org.jallocator.metrics;

import org.jspecify.annotations.Nullable;

/**
 * The figures of a layer of an open stack. They are read from {@link
 * org.jallocator.AllocatorStats}, and are 0 if the stack is closed or the layer keeps no books.
 * Sizes are in bytes. Shared, may block.
 */
@SuppressWarnings("exports") // the annotation need not be there
public interface LayerMXBean {

  /** {@return the name of the stack} */
  String getStack();

  /** {@return the place of the layer: 0 for the root, 0.1 for the root's second inner layer} */
  String getPath();

  /** {@return the name of the layer's provider} */
  String getType();

  /** {@return the canonical expression of the layer, without those below} */
  String getExpression();

  /** {@return whether any thread may use the layer} */
  boolean isShared();

  /** {@return whether the layer keeps books; iff not, its figures mean nothing} */
  boolean isTracked();

  /** {@return how many blocks are live} */
  long getLiveBlocks();

  /** {@return the bytes of the live blocks, without those of unknown length} */
  long getLiveBytes();

  /** {@return how many of the live blocks are of unknown length} */
  long getUnsizedBlocks();

  /** {@return the bytes that the layer holds from its inner layer} */
  long getReservedBytes();

  /** {@return the most that the reserved bytes have been} */
  long getPeakReservedBytes();

  /** {@return how many blocks were ever taken from the inner layer} */
  long getInnerMallocs();

  /** {@return how many blocks were ever given back to the inner layer} */
  long getInnerFrees();

  /** {@return how many blocks were ever handed out; null iff the layer does not count them} */
  @Nullable Long getMallocs();

  /** {@return how many blocks were ever taken back; null iff the layer does not count them} */
  @Nullable Long getFrees();

  /** {@return how many mallocs found no memory; null iff the layer does not count them} */
  @Nullable Long getFailures();

  /** {@return how many bytes may be live at once; null iff the layer has no limit} */
  @Nullable Long getLimitBytes();
}
