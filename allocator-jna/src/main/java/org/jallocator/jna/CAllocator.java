package org.jallocator.jna;

import com.sun.jna.Native;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.spi.AllocatorErrors;

/**
 * What every leaf on a malloc and free written in C has in common: the contract's checks before the
 * call, and no books.
 *
 * <p>Shared, never blocks beyond what C's allocator does. {@link #stats} tracks nothing, {@link
 * #close} finds no leaks, and a foreign or double free reaches C, where it is undefined.
 */
abstract class CAllocator implements Allocator {

  /** C's max_align_t: two pointers on every platform that JNA runs on. */
  static final long MALLOC_ALIGNMENT = 2L * Native.POINTER_SIZE;

  private static final long MAX_SIZE =
      Native.SIZE_T_SIZE == Long.BYTES ? Long.MAX_VALUE : 0xFFFF_FFFFL;

  private final String name;
  private final long alignment;
  private volatile boolean closed;

  /**
   * Makes an open leaf.
   *
   * @param name what errors call it
   * @param alignment what all that {@link #take} returns is a multiple of
   */
  CAllocator(String name, long alignment) {
    this.name = name;
    this.alignment = alignment;
  }

  /** {@return a block of C's, NULL iff C has none} The size is in the range that is served. */
  abstract long take(long size);

  /** Hands a block back to C; never NULL. */
  abstract void give(long address);

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. One JNI crossing.
   */
  @Override
  public final long malloc(long size) {
    long address = tryMalloc(size);
    if (address == NULL) {
      return refuse(size);
    }
    return address;
  }

  private long refuse(long size) {
    if (size > MAX_SIZE) {
      throw AllocatorErrors.sizeTooLarge(name, size, "maxSize", MAX_SIZE);
    }
    throw AllocatorErrors.outOfMemory(name, size, AllocatorStats.UNTRACKED, null);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. One JNI crossing.
   */
  @Override
  public final long tryMalloc(long size) {
    requireOpen();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(name, size);
    }
    return size > MAX_SIZE ? NULL : take(size);
  }

  /** Throws iff this leaf is closed. */
  final void requireOpen() {
    if (closed) {
      throw AllocatorErrors.closed(name);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. One JNI crossing. An address that C did not hand out is not
   * recognised.
   */
  @Override
  public final void free(long address) {
    requireOpen();
    if (address != NULL) {
      give(address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. One JNI crossing. Of the size only its range is checked.
   */
  @Override
  public final void free(long address, long size) {
    if (address != NULL && (size < 1 || size > MAX_SIZE) && !closed) {
      throw new InvalidFreeException(name, address, size, MAX_SIZE);
    }
    free(address);
  }

  @Override
  public final long maxSize() {
    return MAX_SIZE;
  }

  @Override
  public final long alignment() {
    return alignment;
  }

  @Override
  public final boolean isShared() {
    return true;
  }

  /** {@return {@link AllocatorStats#NOTHING_TRACKED}} */
  @Override
  public final AllocatorStats stats() {
    return AllocatorStats.NOTHING_TRACKED;
  }

  /** Ends the use of this leaf. Live blocks are not known to it and stay with C. */
  @Override
  public final void close() {
    closed = true;
  }
}
