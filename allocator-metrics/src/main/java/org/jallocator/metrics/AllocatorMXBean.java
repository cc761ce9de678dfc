package org.jallocator.metrics;

/**
 * The figures of an open stack, which are those of its root. They are read from {@link
 * org.jallocator.AllocatorStats}, and are 0 if the stack is closed or its root keeps no books.
 * Sizes are in bytes. Shared, may block.
 */
public interface AllocatorMXBean {

  /** {@return the name of the stack; {@code unnamed}, perhaps with a number, iff it has none} */
  String getName();

  /** {@return the canonical expression of the stack} */
  String getExpression();

  /** {@return the tree of layers with their figures, a line each} */
  String getDescription();

  /** {@return whether any thread may use the stack} */
  boolean isShared();

  /** {@return whether the root keeps books; iff not, its figures mean nothing} */
  boolean isTracked();

  /** {@return how many blocks are live} */
  long getLiveBlocks();

  /** {@return the bytes of the live blocks, without those of unknown length} */
  long getLiveBytes();

  /** {@return how many of the live blocks are of unknown length} */
  long getUnsizedBlocks();

  /** {@return the bytes that the root holds from its inner layers} */
  long getReservedBytes();

  /** {@return the most that the reserved bytes have been} */
  long getPeakReservedBytes();
}
