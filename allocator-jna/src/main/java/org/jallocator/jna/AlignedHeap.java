package org.jallocator.jna;

import com.sun.jna.Native;
import com.sun.jna.Platform;

/**
 * The C library's own functions for alignments beyond malloc's, for one alignment. Shared, never
 * blocks beyond what C's allocator does.
 */
abstract class AlignedHeap {

  private AlignedHeap() {}

  /** {@return an aligned block, NULL iff C has none} */
  abstract long take(long size);

  /** Hands a block back to C. */
  abstract void give(long address);

  /** Everywhere but on Windows: free takes what aligned_alloc gave. */
  private static final class Posix extends AlignedHeap {

    /**
     * Bound in the scope of the whole process, where JNA's own free is bound too: a library that
     * was preloaded in place of C's must serve both or neither.
     */
    private static final LibraryCalls.AlignedAlloc CALLS =
        LibraryCalls.ofProcess(
            LibraryCalls.AlignedAlloc.class, LibraryCalls.AlignedAllocTemplate.class);

    private final long alignment;

    Posix(long alignment) {
      this.alignment = alignment;
    }

    @Override
    long take(long size) {
      return CALLS.aligned_alloc(alignment, roundUp(size, alignment));
    }

    @Override
    void give(long address) {
      Native.free(address);
    }
  }

  /** Windows: a pair of functions of their own. */
  private static final class Windows extends AlignedHeap {

    private static final LibraryCalls.WindowsAligned CALLS =
        LibraryCalls.ofLibrary(
            Platform.C_LIBRARY_NAME,
            LibraryCalls.WindowsAligned.class,
            LibraryCalls.WindowsAlignedTemplate.class);

    private final long alignment;

    Windows(long alignment) {
      this.alignment = alignment;
    }

    @Override
    long take(long size) {
      return CALLS._aligned_malloc(size, alignment);
    }

    @Override
    void give(long address) {
      CALLS._aligned_free(address);
    }
  }

  /**
   * {@return the platform's functions, for one alignment}
   *
   * @throws IllegalArgumentException if the platform has none
   */
  static AlignedHeap ofPlatform(long alignment) {
    require64Bit(DefaultAllocator.NAME);
    try {
      return Platform.isWindows() ? new Windows(alignment) : new Posix(alignment);
    } catch (LinkageError e) {
      throw new IllegalArgumentException(
          DefaultAllocator.NAME + ": platform has no aligned malloc: alignment=" + alignment, e);
    }
  }

  /** {@return the alignment of all blocks if one is asked for: a power of two, C's or more} */
  static long checkedAlignment(String layer, long alignment) {
    if (Long.bitCount(alignment) != 1 || alignment < 1) {
      throw new IllegalArgumentException(
          layer + ": alignment is no power of two: alignment=" + alignment);
    }
    return Math.max(alignment, CAllocator.mallocAlignment());
  }

  /**
   * Returns the least multiple of an alignment that a size fits in, as C11 wants it. No check for
   * overflow: what overflows is negative, of which C has no such block.
   */
  static long roundUp(long size, long alignment) {
    return size + alignment - 1 & -alignment;
  }

  /** Refuses a process in which C's size_t is no Java long. */
  static void require64Bit(String layer) {
    if (Native.SIZE_T_SIZE != Long.BYTES) {
      throw new IllegalArgumentException(
          layer
              + ": process is not of 64 bits: sizeOfSizeT="
              + Native.SIZE_T_SIZE
              + ", limit="
              + Long.BYTES);
    }
  }
}
