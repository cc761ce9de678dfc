package org.jallocator.netty;

import io.netty.buffer.UnpooledHeapByteBuf;

/** A buffer on the Java heap whose bytes are counted. */
final class CountedHeapByteBuf extends UnpooledHeapByteBuf {

  CountedHeapByteBuf(StackByteBufAllocator allocator, int initialCapacity, int maxCapacity) {
    super(allocator, initialCapacity, maxCapacity);
  }

  @Override
  protected byte[] allocateArray(int initialCapacity) {
    byte[] array = super.allocateArray(initialCapacity);
    ((StackByteBufAllocator) alloc()).countHeap(array.length);
    return array;
  }

  @Override
  protected void freeArray(byte[] array) {
    super.freeArray(array);
    ((StackByteBufAllocator) alloc()).countHeap(-array.length);
  }
}
