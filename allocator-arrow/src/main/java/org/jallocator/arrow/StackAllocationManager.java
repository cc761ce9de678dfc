package org.jallocator.arrow;

import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.BufferAllocator;

/**
 * One block of an allocator, for one of Arrow's buffers and all buffers derived from it.
 *
 * <p>Arrow calls {@link #release0} once, on the thread that releases the last reference.
 */
final class StackAllocationManager extends AllocationManager {

  private final StackFactory factory;
  private final long block;
  private final long size;

  /**
   * @param accounting the allocator of Arrow that counts the bytes
   * @param factory took the block, and frees it
   * @param block the address of the block, as it was handed out
   * @param size the bytes that Arrow asked for
   */
  StackAllocationManager(BufferAllocator accounting, StackFactory factory, long block, long size) {
    super(accounting);
    this.factory = factory;
    this.block = block;
    this.size = size;
  }

  /** {@return the bytes that Arrow asked for: it subtracts them when the buffer is released} */
  @Override
  public long getSize() {
    return size;
  }

  @Override
  protected long memoryAddress() {
    return StackFactory.aligned(block);
  }

  @Override
  protected void release0() {
    factory.free(block, size);
  }
}
