package org.jallocator.jna;

import com.sun.jna.Memory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.Allocator;

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
    return new AllocatorMemory(allocator, allocator.malloc(size), size);
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
    AllocatorMemory memory = malloc(allocator, size);
    memory.clear();
    return memory;
  }

  /**
   * Takes over a block that is in the caller's hands.
   *
   * @param allocator whose block it is
   * @param address what {@link Allocator#malloc} returned, not NULL
   * @param size what it was asked for, in bytes
   * @return new memory; the caller closes it, and frees the block in no other way
   * @throws IllegalArgumentException if the address is NULL or the size is less than 1
   */
  public static AllocatorMemory adopt(Allocator allocator, long address, long size) {
    if (address == Allocator.NULL || size < 1) {
      throw new IllegalArgumentException(
          "no block to adopt: address=0x" + Long.toHexString(address) + ", size=" + size);
    }
    return new AllocatorMemory(allocator, address, size);
  }

  /**
   * Frees the block to the allocator that it came from. Closing twice is silent; of several threads
   * that close, one frees. Takes as long as {@link Allocator#free(long, long)}.
   *
   * @throws IllegalStateException if the allocator is closed, or confined to another thread; this
   *     memory stays open, as with every exception from the allocator
   */
  @Override
  public void close() {
    if (allocator.isShared()) {
      closeShared();
    } else if (peer != CLOSED) {
      allocator.free(peer, size);
      peer = CLOSED;
    }
  }

  private void closeShared() {
    long address = (long) PEER.getAndSet(this, CLOSED);
    if (address == CLOSED) {
      return;
    }
    try {
      allocator.free(address, size);
    } catch (RuntimeException | Error e) {
      PEER.setVolatile(this, address);
      throw e;
    }
  }
}
