package org.jallocator.jna;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * Direct byte buffers that are freed by hand, each a block of any {@link Allocator}.
 *
 * <pre>{@code
 * AllocatorByteBuffers buffers = AllocatorByteBuffers.over(allocator);
 * ByteBuffer buffer = buffers.malloc(4096);
 * channel.read(buffer);
 * buffers.free(buffer);
 * }</pre>
 *
 * <p>{@link ByteBuffer#allocateDirect} fills with zeros, counts against {@code
 * -XX:MaxDirectMemorySize}, registers a cleaner, and leaves the free to the garbage collector. Here
 * contents are undefined, the allocator alone sets limits, and what is not freed is a leak that the
 * allocator reports at closing.
 *
 * <p>{@link #malloc} and {@link #free} fit an {@code IntFunction<ByteBuffer>} and a {@code
 * Consumer<ByteBuffer>}, which is what libraries with buffers of their own ask for.
 *
 * <p>{@link #free} takes the very object that {@link #malloc} returned: a slice, a duplicate, a
 * view and a read-only buffer of it are refused, and so is a second free, also if the address is
 * handed out again. What cannot be caught: an access through a buffer, or through a slice of it,
 * after the free.
 *
 * <p>Price: the allocator's malloc and free, one Java object of 64 bytes, and 24 to 48 bytes in a
 * table on the Java heap.
 *
 * <p>Shared, may block, iff the allocator {@link Allocator#isShared is shared}; else confined to
 * the allocator's owner thread.
 */
public final class AllocatorByteBuffers {

  /** The lowest bits of a buffer's identity, which choose its table. */
  static final int TABLE_BITS = 4;

  private static final String NAME = "bytebuffers";

  private final Allocator allocator;

  /** Each is guarded by itself. */
  private final BufferTable[] tables = new BufferTable[1 << TABLE_BITS];

  private AllocatorByteBuffers(Allocator allocator) {
    this.allocator = allocator;
    for (int i = 0; i < tables.length; i++) {
      tables[i] = new BufferTable();
    }
  }

  /**
   * Makes buffers from an allocator. Takes no memory yet. There is nothing to close.
   *
   * @param allocator where blocks come from, and go back to; stays open
   * @return new, without a buffer
   * @throws IllegalStateException if JNA is missing, older than 5.12, or cannot load its library
   */
  public static AllocatorByteBuffers over(Allocator allocator) {
    Jna.require();
    return new AllocatorByteBuffers(allocator);
  }

  /**
   * Takes a block as a buffer, its contents undefined. Amortized O(1), beside the allocator's
   * malloc.
   *
   * @param size the buffer's capacity in bytes, at least 0; for 0, a block of one byte is taken
   * @return a new direct buffer in the platform's byte order, its position 0, its limit the size;
   *     the caller frees it
   * @throws IllegalArgumentException if the size is negative, or the allocator does not serve it
   * @throws OutOfMemoryError if the allocator or the Java heap has no memory
   * @throws IllegalStateException if the allocator is closed, or confined to another thread
   */
  public ByteBuffer malloc(int size) {
    if (size < 0) {
      throw new IllegalArgumentException(
          NAME + ": size is less than zero bytes: size=" + size + ", limit=0");
    }
    StackRoom.requireAboveStack();
    long address = allocator.malloc(Math.max(size, 1));
    try {
      ByteBuffer buffer = BufferWindows.buffer(address, size);
      BufferTable table = table(buffer);
      synchronized (table) {
        table.put(buffer, address);
      }
      return buffer;
    } catch (Throwable t) { // a full Java heap, or a full stack
      freeAfter(t, address, Math.max(size, 1));
      throw t;
    }
  }

  /**
   * Takes a block of zeros as a buffer. One JNI crossing on top of {@link #malloc}.
   *
   * @param size the buffer's capacity in bytes, at least 0
   * @return a new direct buffer, as {@link #malloc} makes it
   * @throws IllegalArgumentException if the size is negative, or the allocator does not serve it
   * @throws OutOfMemoryError if the allocator or the Java heap has no memory
   * @throws IllegalStateException if the allocator is closed, or confined to another thread
   */
  public ByteBuffer zeroed(int size) {
    ByteBuffer buffer = malloc(size);
    try {
      Native.getDirectBufferPointer(buffer).setMemory(0, size, (byte) 0);
      return buffer;
    } catch (Throwable t) { // a full Java heap, or a full stack
      try {
        freeInRoom(buffer); // malloc has made sure of it
      } catch (RuntimeException | Error e) {
        Failures.join(t, e);
      }
      throw t;
    }
  }

  private void freeAfter(Throwable thrown, long address, long bytes) {
    try {
      allocator.free(address, bytes);
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e);
    }
  }

  /**
   * Gives the block of a buffer back. Neither the buffer nor any view of it may be used again. O(1)
   * beside the allocator's free; O(buffers) iff it is refused.
   *
   * @param buffer what {@link #malloc} or {@link #zeroed} returned, whatever its position, limit
   *     and order are now; null is ignored
   * @throws InvalidFreeException if the buffer is a slice, a duplicate or another view, was freed
   *     before, or comes from elsewhere; nothing is changed
   * @throws IllegalStateException if the allocator is closed, or confined to another thread;
   *     nothing is changed
   * @throws StackOverflowError if the stack has no room; nothing is changed, also if an allocator
   *     throws it that is {@link StackChecked}
   */
  @SuppressWarnings("exports") // the annotation is gone at run time
  public void free(@Nullable ByteBuffer buffer) {
    if (buffer == null) {
      return;
    }
    StackRoom.requireAboveStack();
    freeInRoom(buffer);
  }

  private void freeInRoom(ByteBuffer buffer) {
    BufferTable table = table(buffer);
    synchronized (table) {
      int place = table.find(buffer);
      long address = table.address(place);
      if (address != Allocator.NULL) {
        giveBack(table, place, address, bytes(buffer));
        return;
      }
    }
    throw invalidFree(buffer);
  }

  /** Frees a block, and forgets its buffer unless the allocator took nothing. */
  private void giveBack(BufferTable table, int place, long address, long bytes) {
    try {
      allocator.free(address, bytes);
    } catch (Throwable t) {
      if (!StackChecked.tookNothing(allocator, t)) {
        table.remove(place);
      }
      throw t;
    }
    table.remove(place);
  }

  private InvalidFreeException invalidFree(ByteBuffer buffer) {
    if (!buffer.isDirect()) {
      return new InvalidFreeException(
          Reason.FOREIGN, NAME, Allocator.NULL, ", buffer=on the Java heap");
    }
    long address = Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
    for (BufferTable table : tables) {
      synchronized (table) {
        if (table.covers(address)) {
          return new InvalidFreeException(
              Reason.NOT_A_BLOCK,
              NAME,
              address,
              ", buffer=a slice, a duplicate or another view of a buffer that malloc returned, or"
                  + " one that was freed");
        }
      }
    }
    return new InvalidFreeException(
        Reason.FOREIGN, NAME, address, ", buffer=freed before, or not from malloc");
  }

  /**
   * Makes a buffer on all of a memory. It is a view: {@link #free} refuses it, and it must not be
   * used after the memory is closed.
   *
   * @param memory an {@link AllocatorMemory}, a scope's memory, or any other of at most {@code
   *     Integer.MAX_VALUE} bytes
   * @return a new direct buffer in the platform's byte order
   * @throws IllegalArgumentException if the memory is larger than a buffer can be
   * @throws IllegalStateException if the memory is closed and is one of this module's
   */
  public static ByteBuffer buffer(Memory memory) {
    long size = memory.size();
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "memory exceeds a ByteBuffer: size=" + size + ", limit=" + Integer.MAX_VALUE);
    }
    return memory.getByteBuffer(0, size).order(ByteOrder.nativeOrder());
  }

  /** {@return the size that a buffer's block was asked for, in bytes} */
  static long bytes(ByteBuffer buffer) {
    return Math.max(buffer.capacity(), 1);
  }

  private BufferTable table(ByteBuffer buffer) {
    return tables[System.identityHashCode(buffer) & tables.length - 1];
  }
}
