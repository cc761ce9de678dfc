package org.jallocator.jna;

import com.sun.jna.Native;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackChecked;

/**
 * What every leaf on a malloc and free written in C has in common: the contract's checks before the
 * call, and no books.
 *
 * <p>Shared, never blocks beyond what C's allocator does. {@link #stats} tracks nothing, {@link
 * #close} finds no leaks, and a foreign or double free reaches C, where it is undefined.
 */
abstract class CAllocator implements Allocator, StackChecked {

  static {
    AllocatorEvents.areHeard(); // is initialized now, and not first where the stack ends
  }

  /** Apart, so that this class can be initialized even if JNA cannot. */
  static final class Limits {

    /** C's max_align_t: two pointers on every platform that JNA runs on. */
    static final long MALLOC_ALIGNMENT = 2L * Native.POINTER_SIZE;

    private static final long MAX_SIZE =
        Native.SIZE_T_SIZE == Long.BYTES ? Long.MAX_VALUE : 0xFFFF_FFFFL;

    private Limits() {}
  }

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

  /**
   * {@return what C's malloc aligns to}
   *
   * @throws IllegalStateException if JNA cannot be used
   */
  static long mallocAlignment() {
    Jna.require();
    return Limits.MALLOC_ALIGNMENT;
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
    if (size > Limits.MAX_SIZE) {
      throw AllocatorErrors.sizeTooLarge(name, size, "maxSize", Limits.MAX_SIZE);
    }
    throw AllocatorErrors.outOfMemory(name, size);
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
    if (size > Limits.MAX_SIZE) {
      return NULL;
    }
    long address = take(size);
    return address != NULL ? address : refused(size);
  }

  private long refused(long size) {
    AllocatorEvents.innerRefused(name, size);
    return NULL;
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
    if (address != NULL && (size < 1 || size > Limits.MAX_SIZE) && !closed) {
      throw AllocatorEvents.invalidFree(
          name, new InvalidFreeException(name, address, size, Limits.MAX_SIZE));
    }
    free(address);
  }

  @Override
  public final long maxSize() {
    return Limits.MAX_SIZE;
  }

  @Override
  public final long alignment() {
    return alignment;
  }

  @Override
  public final boolean isShared() {
    return true;
  }

  /**
   * {@return true} C's function is the last that a call of malloc or free enters, and there are no
   * books: a call that overflows has not reached C.
   */
  @Override
  public final boolean isStackChecked() {
    return true;
  }

  /** {@return {@link AllocatorStats#UNTRACKED}} */
  @Override
  public final AllocatorStats stats() {
    return AllocatorStats.UNTRACKED;
  }

  /** Ends the use of this leaf. Live blocks are not known to it and stay with C. */
  @Override
  public final void close() {
    closed = true;
  }
}
