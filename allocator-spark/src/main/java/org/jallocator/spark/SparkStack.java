package org.jallocator.spark;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.stack.StackLayer;

/** A stack of this process, and how many bytes the plugin trimmed from it. Shared, may block. */
final class SparkStack {

  private final AllocatorStack stack;
  private final AtomicLong trimmed = new AtomicLong();
  private final AtomicLong loggedPeak = new AtomicLong();

  SparkStack(AllocatorStack stack) {
    this.stack = stack;
  }

  Allocator allocator() {
    return stack.allocator();
  }

  AllocatorStats stats() {
    return stack.allocator().stats();
  }

  /**
   * {@return the bytes that the layer with the most reserves} A limit or a book of blocks at the
   * top reserves no more than is live, whatever the layers below it keep.
   */
  long reservedBytes() {
    return most(AllocatorStats::reservedBytes);
  }

  /** {@return the most bytes that one layer has reserved at once} */
  long peakReservedBytes() {
    return most(AllocatorStats::peakReservedBytes);
  }

  private long most(ToLongFunction<AllocatorStats> figure) {
    long most = 0;
    for (StackLayer layer : stack.layers()) {
      most = Math.max(most, figure.applyAsLong(layer.allocator().stats()));
    }
    return most;
  }

  /** {@return the bytes that could be given back now} */
  long trim() {
    long bytes = stack.allocator().trim();
    trimmed.addAndGet(bytes);
    return bytes;
  }

  /** {@return the bytes of all calls of {@link #trim}} */
  long trimmedBytes() {
    return trimmed.get();
  }

  /**
   * {@return whether the peak has doubled since this was last true} So a log gets few lines,
   * however many tasks there are.
   */
  boolean peakDoubled() {
    long logged = loggedPeak.get();
    long peak = peakReservedBytes();
    return peak > 0 && peak / 2 >= logged && loggedPeak.compareAndSet(logged, peak);
  }

  /** {@return the layers with their figures, a line each} */
  String describe() {
    return stack.describe();
  }

  /** {@return the expression of the stack} */
  @Override
  public String toString() {
    return stack.toString();
  }
}
