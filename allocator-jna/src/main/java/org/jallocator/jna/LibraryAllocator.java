package org.jallocator.jna;

import java.io.File;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The leaf of a stack on any C library's malloc and free: jemalloc, mimalloc, a vendor's own.
 *
 * <pre>{@code
 * try (var leaf = LibraryAllocator.builder().name("mimalloc").prefix("mi_").build()) {
 *   long address = leaf.malloc(48);
 *   leaf.free(address);
 * }
 * }</pre>
 *
 * <p>The library is bound beside the process's own malloc, not in place of it: C code goes on using
 * what it used, and a block goes back to the library that it came from. Any number of libraries may
 * be in use at once.
 *
 * <p>Shared, never blocks beyond what the library does. Keeps no books, as {@link
 * DefaultAllocator}. Price: JNA reaches a function that it was not built with by way of libffi, so
 * a call takes several times as long as one of {@link DefaultAllocator}: put a layer on it that
 * takes pages. A library that was opened stays in the process for good. In processes of 64 bits
 * only, and not in a native image.
 */
public final class LibraryAllocator extends CAllocator {

  static final String NAME = "library";

  private final BoundLibrary library;
  private final LibraryCalls.Malloc calls;
  private final LibraryCalls.@Nullable AlignedAlloc aligned;

  private LibraryAllocator(BoundLibrary library, long alignment) {
    super(NAME, alignment);
    this.library = library;
    this.calls = library.malloc();
    this.aligned =
        alignment > Limits.MALLOC_ALIGNMENT ? library.requireAlignedAlloc(alignment) : null;
  }

  /** {@return a builder without a library} */
  public static Builder builder() {
    Jna.require();
    return new Builder();
  }

  @Override
  long take(long size) {
    return aligned == null
        ? calls.malloc(Math.max(size, Limits.MALLOC_ALIGNMENT))
        : aligned.aligned_alloc(alignment(), AlignedHeap.roundUp(size, alignment()));
  }

  @Override
  void give(long address) {
    calls.free(address);
  }

  /**
   * {@return the bytes that a block really has, at least what {@link #malloc} was asked for; empty
   * iff the library has no malloc_usable_size}
   *
   * <p>Shared, never blocks. One JNI crossing.
   *
   * @param address a live block of this allocator, which is not checked
   * @throws IllegalStateException if this allocator is closed
   */
  public OptionalLong usableSize(long address) {
    requireOpen();
    LibraryCalls.UsableSize usableSize = library.usableSize();
    return usableSize == null
        ? OptionalLong.empty()
        : OptionalLong.of(usableSize.malloc_usable_size(address));
  }

  /** {@return the file that the library was loaded from, as the system names it} */
  public String file() {
    return library.file();
  }

  /** {@return the name, and the file in use} */
  @Override
  public String toString() {
    return NAME + "(" + file() + ")";
  }

  /** Says which library, and how its functions are called. Confined to its owner thread. */
  public static final class Builder {

    private String name = "";
    private String path = "";
    private String prefix = "";
    private long alignment;

    private Builder() {}

    /**
     * Sets the name by which the system finds the library: {@code jemalloc}, or with its version
     * {@code libjemalloc.so.2}. Looked for as JNA does, in {@code jna.library.path} first.
     *
     * @param name the name; empty if a path is given
     * @return this builder
     */
    public Builder name(String name) {
      this.name = Objects.requireNonNull(name);
      return this;
    }

    /**
     * Sets the library's file, if it is not found by name.
     *
     * @param path the file; empty if a name is given
     * @return this builder
     */
    public Builder path(String path) {
      this.path = Objects.requireNonNull(path);
      return this;
    }

    /**
     * Sets what the names of the library's functions start with, such as {@code mi_} for {@code
     * mi_malloc}. The default is nothing.
     *
     * @param prefix the prefix
     * @return this builder
     */
    public Builder prefix(String prefix) {
      this.prefix = Objects.requireNonNull(prefix);
      return this;
    }

    /**
     * Sets what every address is a multiple of. Beyond the default, the library must have
     * aligned_alloc, and every block is a multiple of the alignment long: for pages, not for small
     * blocks.
     *
     * @param alignment bytes, a power of two; 0 for the default, two pointers
     * @return this builder
     */
    public Builder alignment(long alignment) {
      this.alignment = alignment;
      return this;
    }

    /**
     * Opens the library, unless it is open, and makes the allocator.
     *
     * @return a new allocator, shared
     * @throws IllegalArgumentException if not exactly one of name and path is set, there is no such
     *     library, or it lacks a function of its own; the message says what was looked for
     */
    public LibraryAllocator build() {
      AlignedHeap.require64Bit(NAME);
      if (name.isEmpty() == path.isEmpty()) {
        throw new IllegalArgumentException(
            NAME + ": takes either a name or a path: name=" + name + ", path=" + path);
      }
      long aligned =
          AlignedHeap.checkedAlignment(NAME, alignment == 0 ? mallocAlignment() : alignment);
      String library = path.isEmpty() ? name : new File(path).getAbsolutePath();
      return new LibraryAllocator(BoundLibrary.open(library, prefix), aligned);
    }
  }
}
