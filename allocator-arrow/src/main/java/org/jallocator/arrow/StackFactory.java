package org.jallocator.arrow;

import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.ReferenceManager;
import org.jallocator.Allocator;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackRoom;

/**
 * Takes the memory of Arrow's buffers from an allocator.
 *
 * <p>Every address is a multiple of {@link #ALIGNMENT}. If the allocator aligns to less, each block
 * is {@code slack} bytes longer than the buffer, and the buffer starts at the first aligned byte.
 *
 * <p>Shared; may block if the allocator does. O(1) beside the allocator's own cost.
 */
final class StackFactory implements AllocationManager.Factory {

  /** What Arrow's format recommends, in bytes. */
  static final long ALIGNMENT = 64;

  private final Allocator allocator;

  /** {@code ALIGNMENT - allocator.alignment()}, or 0 if that is less. */
  private final long slack;

  /** The largest buffer, in bytes: the block for it is not larger than the allocator serves. */
  private final long maxSize;

  StackFactory(Allocator allocator) {
    this.allocator = allocator;
    this.slack = Math.max(0, ALIGNMENT - allocator.alignment());
    this.maxSize = allocator.maxSize() - slack;
  }

  /** {@return the allocator that the memory is from} */
  Allocator allocator() {
    return allocator;
  }

  /** {@return the first address from {@code block} on that is aligned} */
  static long aligned(long block) {
    return (block + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /**
   * Takes a block. After an error of any kind no block is lost; Arrow then undoes its reservation.
   *
   * @throws OutOfMemoryException if there is no memory, as Arrow's own default does; a later call
   *     may succeed
   */
  @Override
  public AllocationManager create(BufferAllocator accounting, long size) {
    StackRoom.requireAboveStack(); // for a free, too
    long block = size > maxSize ? Allocator.NULL : allocator.tryMalloc(blockSize(size));
    if (block == Allocator.NULL) {
      throw noMemory(size);
    }
    try {
      return new StackAllocationManager(accounting, this, block, size);
    } catch (RuntimeException | Error e) {
      freeAfter(e, block, size);
      throw e;
    }
  }

  private void freeAfter(Throwable thrown, long block, long size) {
    try {
      free(block, size);
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e);
    }
  }

  void free(long block, long size) {
    allocator.free(block, blockSize(size));
  }

  /** An empty reservation of Arrow asks for 0 bytes, which is no size of a block. */
  private long blockSize(long size) {
    return Math.max(size, 1) + slack;
  }

  private OutOfMemoryException noMemory(long size) {
    if (size > maxSize) {
      return new OutOfMemoryException(
          "allocator-arrow: size exceeds maxSize: size=" + size + ", limit=" + maxSize);
    }
    var stats = allocator.stats();
    return new OutOfMemoryException(
        "allocator-arrow: no memory: size="
            + size
            + (stats.isTracked()
                ? ", live=" + stats.liveBytes() + ", reserved=" + stats.reservedBytes()
                : ""));
  }

  /**
   * {@return a buffer without memory} It is made here and not in a static initializer: making a
   * buffer initializes Arrow's allocators, and these may be waiting for this class.
   */
  @Override
  public ArrowBuf empty() {
    return new ArrowBuf(ReferenceManager.NO_OP, null, 0, Allocator.NULL);
  }

  @Override
  public String toString() {
    return "AllocatorArrow.factory(" + allocator + ")";
  }
}
