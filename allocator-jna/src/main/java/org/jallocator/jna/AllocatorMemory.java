package org.jallocator.jna;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.Allocator;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;

/**
 * A block of any {@link Allocator} as JNA's {@link Memory}: accepted wherever JNA takes a {@code
 * Pointer} or a {@code Memory}, and under any {@code Structure}.
 *
 * <pre>{@code
 * try (AllocatorMemory buffer = AllocatorMemory.malloc(allocator, 64)) {
 *   library.read(handle, buffer, buffer.size());
 * }
 * }</pre>
 *
 * <p>JNA's own {@code Memory} is a map entry and a registration under one lock of the whole
 * process, at making and at closing, so that the garbage collector may free it. This one is the
 * allocator's malloc, its free, and one Java object of 40 bytes. The price: what is not closed is
 * not freed, and the allocator reports it as a leak.
 *
 * <p>After closing, every access is an {@link IllegalStateException}: through this object, through
 * views made by {@link #share}, and through a structure that lies on either, whose fields JNA
 * writes before every call. What cannot be caught:
 *
 * <ul>
 *   <li>This object as an argument after closing: C is passed NULL, as with JNA's own. A view as an
 *       argument: C is passed its old address.
 *   <li>A {@link #getByteBuffer buffer}, and what C keeps: they must not outlive the block.
 *   <li>An access while another thread closes.
 * </ul>
 *
 * <p>{@link #equals} and {@link #hashCode} are those of {@code Pointer}, by address: closing
 * changes both, and a later block at the same address is equal. {@link Memory#disposeAll} and
 * {@link Memory#purge} do not see this memory.
 *
 * <p>Access and {@link #close} are as shared as the allocator is: from any thread iff {@link
 * Allocator#isShared}; access is not checked for its thread.
 */
public final class AllocatorMemory extends CheckedMemory {

  private static final VarHandle PEER;

  static {
    try {
      PEER = MethodHandles.lookup().findVarHandle(AllocatorMemory.class, "peer", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** What a ByteBuffer spans. */
  private static final long MAX_PART = 1L << 30;

  private final Allocator allocator;

  private AllocatorMemory(Allocator allocator, long address, long size) {
    super(address, size);
    this.allocator = allocator;
  }

  /**
   * Takes a block, its contents undefined, as those of {@code new Memory(size)} are.
   *
   * @param allocator where the block comes from, and goes back to
   * @param size in bytes, at least 1
   * @return new memory; the caller closes it
   * @throws IllegalArgumentException if the allocator does not serve the size
   * @throws OutOfMemoryError if the allocator has no memory
   * @throws IllegalStateException if the allocator is closed, or confined to another thread
   */
  public static AllocatorMemory malloc(Allocator allocator, long size) {
    Jna.require();
    // The object first: if there is no room for it, or on the stack, no block is lost.
    AllocatorMemory memory = new AllocatorMemory(allocator, CLOSED, size);
    memory.peer = allocator.malloc(size);
    return memory;
  }

  /**
   * Takes a block of zeros. One JNI crossing on top of {@link #malloc}.
   *
   * @param allocator where the block comes from, and goes back to
   * @param size in bytes, at least 1
   * @return new memory; the caller closes it
   * @throws IllegalArgumentException if the allocator does not serve the size
   * @throws OutOfMemoryError if the allocator has no memory
   * @throws IllegalStateException if the allocator is closed, or confined to another thread
   */
  public static AllocatorMemory zeroed(Allocator allocator, long size) {
    StackRoom.requireAboveStack();
    AllocatorMemory memory = malloc(allocator, size);
    try {
      memory.clear();
    } catch (Throwable t) {
      memory.closeAfter(t);
      throw t;
    }
    return memory;
  }

  /**
   * Takes over a block of the caller.
   *
   * @param allocator whose block it is
   * @param address what {@link Allocator#malloc} returned, not NULL
   * @param size what it was asked for, in bytes
   * @return new memory; the caller closes it, and frees the block in no other way
   * @throws IllegalArgumentException if the address is NULL or the size is less than 1
   */
  public static AllocatorMemory adopt(Allocator allocator, long address, long size) {
    Jna.require();
    if (address == Allocator.NULL || size < 1) {
      throw new IllegalArgumentException(
          "no block to adopt: address=0x" + Long.toHexString(address) + ", size=" + size);
    }
    return new AllocatorMemory(allocator, address, size);
  }

  /**
   * Hands the block to someone else, such as C code that frees it by a function that leads to the
   * same allocator. This memory is closed then, and frees nothing.
   *
   * @return the block's address
   * @throws IllegalStateException if this memory is closed
   */
  public long release() {
    long address;
    if (allocator.isShared()) {
      // No store after it: a close whose free is refused may have opened this again by then.
      address = (long) PEER.getAndSet(this, CLOSED);
    } else {
      address = peer;
      peer = CLOSED;
    }
    if (address == CLOSED) {
      throw closed();
    }
    return address;
  }

  /**
   * Moves the contents to a block of another size, as C's realloc does. This memory and its views
   * are closed then. O(size).
   *
   * @param newSize in bytes, at least 1; beyond the old size the contents are undefined
   * @return new memory; the caller closes it
   * @throws IllegalArgumentException if the allocator does not serve the size
   * @throws OutOfMemoryError if the allocator has no memory
   * @throws IllegalStateException if this memory or the allocator is closed, or the allocator is
   *     confined to another thread; this memory stays as it was after each of these
   */
  public AllocatorMemory resize(long newSize) {
    boundsCheck(0, 0);
    StackRoom.requireAboveStack();
    AllocatorMemory moved = malloc(allocator, newSize);
    try {
      copy(peer, moved.peer, Math.min(size, newSize));
      giveBack();
    } catch (Throwable t) {
      moved.closeAfter(t);
      throw t;
    }
    return moved;
  }

  private static void copy(long from, long to, long bytes) {
    long copied = 0;
    while (copied < bytes) {
      long part = Math.min(bytes - copied, MAX_PART);
      new Pointer(to + copied)
          .getByteBuffer(0, part)
          .put(new Pointer(from + copied).getByteBuffer(0, part));
      copied += part;
    }
  }

  private void closeAfter(Throwable thrown) {
    try {
      giveBack();
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e);
    }
  }

  /**
   * Frees the block to the allocator that it came from. Closing twice is silent; of several threads
   * that close, one frees. Takes as long as {@link Allocator#free(long, long)}.
   *
   * @throws IllegalStateException if the allocator is closed, or confined to another thread; this
   *     memory stays open then, and after an {@link IllegalArgumentException}. After anything else
   *     that the allocator throws it is unknown whether it took the block: this memory is closed.
   * @throws StackOverflowError if the stack has no room; this memory stays open, also if an
   *     allocator throws it that is {@link StackChecked}
   */
  @Override
  public void close() {
    StackRoom.requireAboveStack();
    giveBack();
  }

  private void giveBack() {
    if (allocator.isShared()) {
      giveShared();
    } else {
      giveConfined();
    }
  }

  /** Stores nothing if the free is refused: the owner may close beside a thread that may not. */
  private void giveConfined() {
    long address = peer;
    if (address == CLOSED) {
      return;
    }
    try {
      allocator.free(address, size);
    } catch (Throwable t) {
      if (!StackChecked.tookNothing(allocator, t)) {
        peer = CLOSED;
      }
      throw t;
    }
    peer = CLOSED;
  }

  private void giveShared() {
    long address = (long) PEER.getAndSet(this, CLOSED);
    if (address == CLOSED) {
      return;
    }
    try {
      allocator.free(address, size);
    } catch (Throwable t) {
      if (StackChecked.tookNothing(allocator, t)) {
        PEER.setVolatile(this, address);
      }
      throw t;
    }
  }
}
