package org.jallocator.bench.contenders;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** Blocks held as Netty's buffers. */
final class ByteBufBlocks extends Blocks {

  private final ByteBufAllocator allocator;
  private final @Nullable ByteBuf[] buffers;

  ByteBufBlocks(ByteBufAllocator allocator, int slots) {
    super(slots);
    this.allocator = allocator;
    buffers = new ByteBuf[slots];
  }

  @Override
  public long pairs(int count, int size) {
    ByteBufAllocator allocator = this.allocator;
    ByteBuf buffer = null;
    for (int i = 0; i < count; i++) {
      buffer = allocator.directBuffer(size);
      buffer.release();
    }
    return System.identityHashCode(buffer);
  }

  @Override
  public long nestedPairs(int count, int size) {
    ByteBufAllocator allocator = this.allocator;
    ByteBuf outer = null;
    for (int i = 0; i < count; i++) {
      outer = allocator.directBuffer(size);
      allocator.directBuffer(size).release();
      outer.release();
    }
    return System.identityHashCode(outer);
  }

  @Override
  long take(int slot, int size) {
    ByteBuf buffer = allocator.directBuffer(size);
    buffers[slot] = buffer;
    return buffer.memoryAddress();
  }

  @Override
  public long address(int slot) {
    return buffer(slot).memoryAddress();
  }

  @Override
  void giveBack(int slot) {
    ByteBuf buffer = buffer(slot);
    buffers[slot] = null;
    buffer.release();
  }

  @Override
  void put(int slot, Blocks other, int otherSlot) {
    ((ByteBufBlocks) other).buffers[otherSlot] = buffer(slot);
    buffers[slot] = null;
  }

  private ByteBuf buffer(int slot) {
    ByteBuf buffer = buffers[slot];
    if (buffer == null) {
      throw new IllegalStateException("slot is empty: slot=" + slot);
    }
    return buffer;
  }
}
