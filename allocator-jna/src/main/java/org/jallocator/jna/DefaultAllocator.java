package org.jallocator.jna;

import com.sun.jna.Native;
import org.jspecify.annotations.Nullable;

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
 *
 * <p>With an alignment of its own it is a leaf for pages: a layer that aligns its pages finds them
 * aligned and asks for no slack. Every block is then a multiple of the alignment long, so that it
 * is not for small blocks.
 */
public final class DefaultAllocator extends CAllocator {

  static final String NAME = "jna";

  /** Null iff C's malloc aligns enough. */
  private final @Nullable AlignedHeap aligned;

  /**
   * Makes a leaf; any number may live side by side.
   *
   * @throws IllegalStateException if JNA is missing, older than 5.12, or cannot load its library
   */
  public DefaultAllocator() {
    super(NAME, mallocAlignment());
    this.aligned = null;
  }

  /**
   * Makes a leaf whose blocks are aligned, by C's {@code aligned_alloc}, or on Windows by {@code
   * _aligned_malloc}.
   *
   * @param alignment what every address is a multiple of: bytes, a power of two; at most two
   *     pointers is what {@link #DefaultAllocator()} gives
   * @throws IllegalArgumentException if {@code alignment} is no power of two, or the platform has
   *     no such call
   * @throws IllegalStateException if JNA is missing, older than 5.12, or cannot load its library
   */
  public DefaultAllocator(long alignment) {
    super(NAME, AlignedHeap.checkedAlignment(NAME, alignment));
    this.aligned = alignment > Limits.MALLOC_ALIGNMENT ? AlignedHeap.ofPlatform(alignment) : null;
  }

  @Override
  long take(long size) {
    return aligned == null
        ? Native.malloc(Math.max(size, Limits.MALLOC_ALIGNMENT))
        : aligned.take(size);
  }

  @Override
  void give(long address) {
    if (aligned == null) {
      Native.free(address);
    } else {
      aligned.give(address);
    }
  }

  /** {@return the expression that opens a leaf like this} */
  @Override
  public String toString() {
    return aligned == null ? NAME : NAME + "(alignment=" + alignment() + ")";
  }
}
