package org.jallocator.jna;

import com.sun.jna.Native;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.spi.AllocatorErrors;

/**
 * The leaf of a stack: C's malloc and free, called through JNA.
 *
 * <p>Shared, never blocks beyond what C's allocator does. Keeps no books, so that it costs what the
 * C library and one JNI crossing cost: {@link #stats} tracks nothing, {@link #close} finds no
 * leaks, and a foreign or double free reaches C, where it is undefined. The allocators that stand
 * on it do keep books.
 *
 * <p>A size below {@link #alignment()} is rounded up to it, because C promises its alignment only
 * to objects that can need it: some libraries align eight bytes to eight.
 */
public final class DefaultAllocator implements Allocator {

  static final String NAME = "jna";

  /** C's max_align_t: two pointers on every platform that JNA runs on. */
  private static final long ALIGNMENT = 2L * Native.POINTER_SIZE;

  private static final long MAX_SIZE =
      Native.SIZE_T_SIZE == Long.BYTES ? Long.MAX_VALUE : 0xFFFF_FFFFL;

  private volatile boolean closed;

  /** Makes a leaf; any number may live side by side. */
  public DefaultAllocator() {}

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. One JNI crossing.
   */
  @Override
  public long malloc(long size) {
    long address = tryMalloc(size);
    if (address == NULL) {
      return refuse(size);
    }
    return address;
  }

  private static long refuse(long size) {
    if (size > MAX_SIZE) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", MAX_SIZE);
    }
    throw AllocatorErrors.outOfMemory(NAME, size, AllocatorStats.UNTRACKED, null);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. One JNI crossing.
   */
  @Override
  public long tryMalloc(long size) {
    if (closed) {
      throw AllocatorErrors.closed(NAME);
    }
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
    return size > MAX_SIZE ? NULL : Native.malloc(Math.max(size, ALIGNMENT));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. One JNI crossing. An address that C did not hand out is not
   * recognised.
   */
  @Override
  public void free(long address) {
    if (closed) {
      throw AllocatorErrors.closed(NAME);
    }
    if (address != NULL) {
      Native.free(address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Shared, never blocks. One JNI crossing. Of the size only its range is checked.
   */
  @Override
  public void free(long address, long size) {
    if (address != NULL && (size < 1 || size > MAX_SIZE) && !closed) {
      throw new InvalidFreeException(NAME, address, size, MAX_SIZE);
    }
    free(address);
  }

  @Override
  public long maxSize() {
    return MAX_SIZE;
  }

  @Override
  public long alignment() {
    return ALIGNMENT;
  }

  @Override
  public boolean isShared() {
    return true;
  }

  /** {@return {@link AllocatorStats#NOTHING_TRACKED}} */
  @Override
  public AllocatorStats stats() {
    return AllocatorStats.NOTHING_TRACKED;
  }

  /** Ends the use of this leaf. Live blocks are not known to it and stay with C. */
  @Override
  public void close() {
    closed = true;
  }

  @Override
  public String toString() {
    return NAME;
  }
}
