package org.jallocator.netty;

import io.netty.buffer.AbstractReferenceCountedByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * A direct buffer on a block. Netty's base class has indices, reference counts and slices; a JDK
 * buffer, which checks bounds, reads and writes the bytes.
 *
 * <p>It extends Netty's public base class, not one of Netty's direct buffers: how those take their
 * memory is no part of Netty's API, and changes between releases of 4.2.
 *
 * <p>Invariants: {@code buffer} spans the block from its first byte on, in network order; its
 * capacity is that of this buffer; after the last release it is empty. Its position and limit do
 * not change, so that several threads may read.
 */
final class StackByteBuf extends AbstractReferenceCountedByteBuf {

  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);
  private static final int MAX_COPY = 1 << 16;

  private final StackByteBufAllocator allocator;
  private long address;
  private ByteBuffer buffer;

  /** What {@link #internalNioBuffer} returns; made at its first call. */
  private @Nullable ByteBuffer lent;

  StackByteBuf(StackByteBufAllocator allocator, int initialCapacity, int maxCapacity) {
    super(maxCapacity);
    this.allocator = allocator;
    this.address = allocator.malloc(initialCapacity);
    this.buffer = allocator.view(address, initialCapacity);
  }

  @Override
  public boolean release() {
    StackRoom.requireAboveStack(); // behind the last reference, the block would be lost
    return super.release();
  }

  @Override
  public boolean release(int decrement) {
    StackRoom.requireAboveStack();
    return super.release(decrement);
  }

  /**
   * Releases a buffer that was just made, by a caller that has asked for the room, after something
   * was thrown; that suppresses what the release throws.
   */
  void discardAfter(Throwable thrown) {
    try {
      super.release();
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e);
    }
  }

  @Override
  protected void deallocate() {
    long address = this.address;
    int capacity = buffer.capacity();
    this.address = 0;
    buffer = EMPTY;
    lent = null;
    allocator.free(address, capacity);
  }

  @Override
  public int capacity() {
    return buffer.capacity();
  }

  @Override
  public ByteBuf capacity(int newCapacity) {
    StackRoom.requireAboveStack();
    checkNewCapacity(newCapacity);
    ByteBuffer old = buffer;
    int oldCapacity = old.capacity();
    if (newCapacity == oldCapacity) {
      return this;
    }
    long newAddress = allocator.malloc(newCapacity);
    ByteBuffer moved = allocator.view(newAddress, newCapacity);
    try {
      moved.put(0, old, 0, Math.min(oldCapacity, newCapacity));
    } catch (Throwable t) {
      allocator.freeAfter(t, newAddress, newCapacity);
      throw t;
    }
    long oldAddress = address;
    moveTo(newAddress, moved);
    try {
      allocator.free(oldAddress, oldCapacity);
    } catch (Throwable t) {
      if (allocator.tookNothing(t)) {
        moveTo(oldAddress, old);
        allocator.freeAfter(t, newAddress, newCapacity);
      }
      throw t;
    } finally {
      trimIndicesToCapacity(buffer.capacity());
    }
    return this;
  }

  private void moveTo(long address, ByteBuffer buffer) {
    this.address = address;
    this.buffer = buffer;
    lent = null;
  }

  @Override
  public ByteBufAllocator alloc() {
    return allocator;
  }

  @Override
  @SuppressWarnings("deprecation") // Netty wants it implemented
  public ByteOrder order() {
    return ByteOrder.BIG_ENDIAN;
  }

  @Override
  @SuppressWarnings("NullAway") // in Netty, null means: wraps no other buffer
  public ByteBuf unwrap() {
    return null;
  }

  @Override
  public boolean isDirect() {
    return true;
  }

  @Override
  public boolean isContiguous() {
    return true;
  }

  @Override
  public boolean hasArray() {
    return false;
  }

  @Override
  public byte[] array() {
    throw new UnsupportedOperationException("direct buffer");
  }

  @Override
  public int arrayOffset() {
    throw new UnsupportedOperationException("direct buffer");
  }

  @Override
  public boolean hasMemoryAddress() {
    return true;
  }

  @Override
  public long memoryAddress() {
    ensureAccessible();
    return address;
  }

  @Override
  protected byte _getByte(int index) {
    return buffer.get(index);
  }

  @Override
  protected short _getShort(int index) {
    return buffer.getShort(index);
  }

  @Override
  protected short _getShortLE(int index) {
    return Short.reverseBytes(buffer.getShort(index));
  }

  @Override
  protected int _getUnsignedMedium(int index) {
    return (buffer.getShort(index) & 0xFFFF) << 8 | (buffer.get(index + 2) & 0xFF);
  }

  @Override
  protected int _getUnsignedMediumLE(int index) {
    return (_getShortLE(index) & 0xFFFF) | (buffer.get(index + 2) & 0xFF) << 16;
  }

  @Override
  protected int _getInt(int index) {
    return buffer.getInt(index);
  }

  @Override
  protected int _getIntLE(int index) {
    return Integer.reverseBytes(buffer.getInt(index));
  }

  @Override
  protected long _getLong(int index) {
    return buffer.getLong(index);
  }

  @Override
  protected long _getLongLE(int index) {
    return Long.reverseBytes(buffer.getLong(index));
  }

  @Override
  protected void _setByte(int index, int value) {
    buffer.put(index, (byte) value);
  }

  @Override
  protected void _setShort(int index, int value) {
    buffer.putShort(index, (short) value);
  }

  @Override
  protected void _setShortLE(int index, int value) {
    buffer.putShort(index, Short.reverseBytes((short) value));
  }

  @Override
  protected void _setMedium(int index, int value) {
    buffer.putShort(index, (short) (value >>> 8));
    buffer.put(index + 2, (byte) value);
  }

  @Override
  protected void _setMediumLE(int index, int value) {
    _setShortLE(index, value);
    buffer.put(index + 2, (byte) (value >>> 16));
  }

  @Override
  protected void _setInt(int index, int value) {
    buffer.putInt(index, value);
  }

  @Override
  protected void _setIntLE(int index, int value) {
    buffer.putInt(index, Integer.reverseBytes(value));
  }

  @Override
  protected void _setLong(int index, long value) {
    buffer.putLong(index, value);
  }

  @Override
  protected void _setLongLE(int index, long value) {
    buffer.putLong(index, Long.reverseBytes(value));
  }

  @Override
  public ByteBuf getBytes(int index, ByteBuf target, int targetIndex, int length) {
    checkDstIndex(index, length, targetIndex, target.capacity());
    if (target.hasArray()) {
      buffer.get(index, target.array(), target.arrayOffset() + targetIndex, length);
    } else if (target.nioBufferCount() == 1) {
      target.nioBuffer(targetIndex, length).put(0, buffer, index, length);
    } else {
      target.setBytes(targetIndex, this, index, length);
    }
    return this;
  }

  @Override
  public ByteBuf getBytes(int index, byte[] target, int targetIndex, int length) {
    checkDstIndex(index, length, targetIndex, target.length);
    buffer.get(index, target, targetIndex, length);
    return this;
  }

  @Override
  public ByteBuf getBytes(int index, ByteBuffer target) {
    checkIndex(index, target.remaining());
    target.put(view(index, target.remaining()));
    return this;
  }

  @Override
  public ByteBuf getBytes(int index, OutputStream target, int length) throws IOException {
    checkIndex(index, length);
    byte[] part = new byte[Math.min(length, MAX_COPY)];
    for (int copied = 0; copied < length; ) {
      int bytes = Math.min(length - copied, part.length);
      buffer.get(index + copied, part, 0, bytes);
      target.write(part, 0, bytes);
      copied += bytes;
    }
    return this;
  }

  @Override
  public int getBytes(int index, GatheringByteChannel target, int length) throws IOException {
    checkIndex(index, length);
    return length == 0 ? 0 : target.write(view(index, length));
  }

  @Override
  public int getBytes(int index, FileChannel target, long position, int length) throws IOException {
    checkIndex(index, length);
    return length == 0 ? 0 : target.write(view(index, length), position);
  }

  @Override
  public ByteBuf setBytes(int index, ByteBuf source, int sourceIndex, int length) {
    checkSrcIndex(index, length, sourceIndex, source.capacity());
    if (source.hasArray()) {
      buffer.put(index, source.array(), source.arrayOffset() + sourceIndex, length);
    } else if (source.nioBufferCount() == 1) {
      ByteBuffer bytes = source.nioBuffer(sourceIndex, length);
      buffer.put(index, bytes, bytes.position(), length);
    } else {
      source.getBytes(sourceIndex, view(index, length));
    }
    return this;
  }

  @Override
  public ByteBuf setBytes(int index, byte[] source, int sourceIndex, int length) {
    checkSrcIndex(index, length, sourceIndex, source.length);
    buffer.put(index, source, sourceIndex, length);
    return this;
  }

  @Override
  public ByteBuf setBytes(int index, ByteBuffer source) {
    checkIndex(index, source.remaining());
    view(index, source.remaining()).put(source);
    return this;
  }

  @Override
  public int setBytes(int index, InputStream source, int length) throws IOException {
    checkIndex(index, length);
    byte[] part = new byte[Math.min(length, MAX_COPY)];
    int bytes = source.read(part, 0, part.length);
    if (bytes > 0) {
      buffer.put(index, part, 0, bytes);
    }
    return bytes;
  }

  @Override
  public int setBytes(int index, ScatteringByteChannel source, int length) throws IOException {
    checkIndex(index, length);
    try {
      return source.read(internalNioBuffer(index, length));
    } catch (ClosedChannelException e) {
      return -1; // as Netty's own buffers do
    }
  }

  @Override
  public int setBytes(int index, FileChannel source, long position, int length) throws IOException {
    checkIndex(index, length);
    try {
      return source.read(internalNioBuffer(index, length), position);
    } catch (ClosedChannelException e) {
      return -1; // as Netty's own buffers do
    }
  }

  @Override
  public ByteBuf copy(int index, int length) {
    checkIndex(index, length);
    return allocator.copy(this, index, length);
  }

  @Override
  public int nioBufferCount() {
    return 1;
  }

  @Override
  public ByteBuffer nioBuffer(int index, int length) {
    checkIndex(index, length);
    return buffer.slice(index, length);
  }

  @Override
  public ByteBuffer[] nioBuffers(int index, int length) {
    return new ByteBuffer[] {nioBuffer(index, length)};
  }

  @Override
  public ByteBuffer internalNioBuffer(int index, int length) {
    checkIndex(index, length);
    ByteBuffer lent = this.lent;
    if (lent == null) {
      lent = buffer.duplicate();
      this.lent = lent;
    }
    return lent.clear().position(index).limit(index + length);
  }

  /** {@return a new buffer whose position is an index}, for calls that several threads may make. */
  private ByteBuffer view(int index, int length) {
    return buffer.duplicate().position(index).limit(index + length);
  }
}
