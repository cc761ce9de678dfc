package org.jallocator.spi;

import java.nio.ByteBuffer;

/**
 * Reads and writes native memory for layers that must, found by {@link java.util.ServiceLoader}:
 * guard bytes, zeroing. All other layers never touch native memory. Addresses are not checked: an
 * access to memory that is not mapped ends the process.
 *
 * <p>Shared, never blocks.
 */
public interface NativeAccess {

  /**
   * Fills memory with one byte.
   *
   * @param address the first byte
   * @param bytes how many bytes
   * @param value the byte
   */
  void fill(long address, long bytes, byte value);

  /**
   * Copies memory into an array.
   *
   * @param address the first byte
   * @param target receives the bytes, from index 0 on
   * @param bytes how many bytes
   */
  void read(long address, byte[] target, int bytes);

  /**
   * Copies an array into memory.
   *
   * @param address the first byte
   * @param source the bytes, from index 0 on
   * @param bytes how many bytes
   */
  void write(long address, byte[] source, int bytes);

  /**
   * Makes a direct buffer on memory, which must not be used after the memory is freed. Nothing is
   * registered, and nothing is freed when the buffer becomes garbage.
   *
   * @param address the first byte, not NULL
   * @param bytes the buffer's capacity, at least 0
   * @return a new buffer in the platform's byte order, its position 0, its limit the capacity
   * @throws UnsupportedOperationException if this access makes no buffers, as the default does
   */
  default ByteBuffer buffer(long address, int bytes) {
    throw new UnsupportedOperationException("this native access makes no buffers: " + getClass());
  }

  /** {@return how many bytes a page of the operating system has: a power of two} */
  long pageSize();

  /**
   * {@return whether {@link #reserve}, {@link #protect} and {@link #unmap} work on this platform}
   */
  boolean canMap();

  /**
   * Maps fresh memory that may be read and written.
   *
   * @param bytes a multiple of {@link #pageSize}
   * @return the address, or 0 iff there is no memory
   */
  long reserve(long bytes);

  /**
   * Sets whether memory from {@link #reserve} may be touched.
   *
   * @param address a multiple of {@link #pageSize}
   * @param bytes a multiple of {@link #pageSize}
   * @param accessible whether it may be read and written, or an access ends the process
   * @return false iff the system refuses
   */
  boolean protect(long address, long bytes, boolean accessible);

  /**
   * Gives memory of {@link #reserve} back.
   *
   * @param address what {@link #reserve} returned
   * @param bytes what was asked for
   */
  void unmap(long address, long bytes);
}
