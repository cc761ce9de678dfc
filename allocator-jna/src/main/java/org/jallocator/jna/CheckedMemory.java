package org.jallocator.jna;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;

/**
 * A {@link Memory} on memory that JNA did not allocate: no malloc, no map entry, no cleaner.
 *
 * <p>JNA asks {@link #boundsCheck} before nearly every access; what it leaves out (filling,
 * searching, aligning, the range of a {@link ByteBuffer}) is checked here. One word says whether it
 * is open:
 *
 * <pre>
 *   peer == address   open
 *   peer == 0         closed: every access throws, and C is passed NULL
 * </pre>
 *
 * <p>Views are {@link MemoryView}s, which ask the memory that they view, so that closing it ends
 * them too.
 */
abstract class CheckedMemory extends Memory {

  /** The peer of what is closed. */
  static final long CLOSED = 0;

  /**
   * Makes open memory.
   *
   * @param address where it starts
   * @param size its bytes
   */
  CheckedMemory(long address, long size) {
    this.peer = address;
    this.size = size;
  }

  /**
   * Checks a range before it is accessed. No test for a sum that overflows: there is no sum.
   *
   * @param offset where the range starts, in bytes
   * @param length its bytes
   * @throws IllegalStateException if this memory is closed
   * @throws IndexOutOfBoundsException if a part of the range is outside
   */
  @Override
  protected void boundsCheck(long offset, long length) {
    if (peer == CLOSED) {
      throw closed();
    }
    if ((offset | length) < 0 || length > size - offset) {
      throw outOfBounds(offset, length);
    }
  }

  IllegalStateException closed() {
    return new IllegalStateException("memory is closed: size=" + size);
  }

  private IndexOutOfBoundsException outOfBounds(long offset, long length) {
    return new IndexOutOfBoundsException(
        "range exceeds memory: offset=" + offset + ", length=" + length + ", limit=" + size);
  }

  /**
   * Makes a view of a range, which ends with this memory.
   *
   * @param offset where the range starts, in bytes
   * @param length its bytes
   * @return a new view; closing it closes nothing
   * @throws IllegalStateException if this memory is closed
   * @throws IndexOutOfBoundsException if a part of the range is outside
   */
  @Override
  public Pointer share(long offset, long length) {
    boundsCheck(offset, length);
    return new MemoryView(this, offset, length);
  }

  /**
   * Makes a view that starts at the next multiple of an alignment and ends with this memory.
   *
   * @param byteBoundary the alignment in bytes, a power of two
   * @return this memory if it is aligned so, else a new view
   * @throws IllegalArgumentException if {@code byteBoundary} is no power of two
   * @throws IllegalStateException if this memory is closed
   */
  @Override
  public Memory align(int byteBoundary) {
    boundsCheck(0, 0);
    return super.align(byteBoundary);
  }

  /**
   * Fills a range with one byte.
   *
   * @param offset where the range starts, in bytes
   * @param length its bytes
   * @param value the byte
   * @throws IllegalStateException if this memory is closed
   * @throws IndexOutOfBoundsException if a part of the range is outside
   */
  @Override
  public void setMemory(long offset, long length, byte value) {
    boundsCheck(offset, length);
    super.setMemory(offset, length, value);
  }

  /** As for strings, the start alone is checked: the search may leave this memory. */
  @Override
  public long indexOf(long offset, byte value) {
    boundsCheck(offset, 0);
    return super.indexOf(offset, value);
  }

  /**
   * Makes a buffer on a range. It is checked now and never again: it must not be used after this
   * memory is closed. Nothing is registered, and the buffer keeps nothing from being closed.
   *
   * @param offset where the range starts, in bytes
   * @param length its bytes, at most {@code Integer.MAX_VALUE}
   * @return a new buffer in the platform's byte order
   * @throws IllegalArgumentException if the range is longer than a buffer can be
   */
  @Override
  public ByteBuffer getByteBuffer(long offset, long length) {
    boundsCheck(offset, length);
    if (length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "range exceeds a ByteBuffer: length=" + length + ", limit=" + Integer.MAX_VALUE);
    }
    return new Pointer(peer).getByteBuffer(offset, length);
  }

  /** {@return the address and the size, or that this memory is closed} */
  @Override
  public String toString() {
    return valid() ? super.toString() : "closed (" + size + " bytes)";
  }
}
