package org.jallocator.arena;

import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;

/**
 * Serves blocks that end together, for a task, a request, a frame, a parse.
 *
 * <p>Chunks are taken from the inner allocator and bumped through: malloc moves a pointer forward,
 * {@link #freeAll} and {@link #release} move it back. A block may also be freed by itself. The room
 * of the youngest one is there again at once; that of any other when all blocks after it in its
 * chunk are free, or all in its chunk. A request of over half a chunk gets an inner block of its
 * own, a large block, which goes back when it is freed.
 *
 * <pre>
 *   chunk          |aaaa|bb|..|dddddd|  |     was full; c is free, its room not there again yet
 *   chunk          |eee|ff|ggggg|       |     is current: the next block starts behind g
 *   large block    |hhhhhhhhhhhhhhh|          h is over half a chunk
 * </pre>
 *
 * <pre>{@code
 * try (ArenaAllocator arena = ArenaAllocator.create(inner)) {
 *   long name = arena.malloc(40);
 *   long mark = arena.mark();
 *   long scratch = arena.malloc(1000);
 *   arena.release(mark);
 *   arena.freeAll();
 * }
 * }</pre>
 *
 * <p>A chunk that has no live block left is the next to be bumped through. {@link #freeAll} keeps
 * as many chunks as recent rounds needed, up to {@code retain} bytes but always one, and gives the
 * others back to the inner; {@link #trim} gives back all that are empty, {@link #close} all.
 *
 * <p>Price: a block is a multiple of {@code alignment} long, and takes two bits per {@code
 * alignment} on the Java heap. Making an arena costs one small object, all else is made when first
 * needed, so that one per task is a fair use. Not for blocks that live long and die in no order:
 * one of them holds a whole chunk. There, a fixed-block allocator serves better.
 *
 * <p>Confined to its owner thread, the one that made it. When that has ended, the first thread that
 * frees or closes is the owner. After the reference's ArenaAllocator (the Go library cgoalloc),
 * whose arena passes each malloc on to its inner.
 */
public final class ArenaAllocator extends ConfinedArena {

  static final String NAME = "arena";

  private ArenaAllocator(Allocator inner, long chunkSize, long alignment, long retain) {
    super(inner, chunkSize, alignment, retain);
  }

  /**
   * Makes an arena with the builder's defaults.
   *
   * @param inner what chunks are taken from; stays open when the arena closes
   * @return a new arena, confined to the calling thread
   */
  public static ArenaAllocator create(Allocator inner) {
    return new ArenaAllocator(
        inner, Builder.DEFAULT_CHUNK_SIZE, Builder.defaultAlignment(inner), Builder.DEFAULT_RETAIN);
  }

  /**
   * Makes an arena.
   *
   * @param inner what chunks are taken from; stays open when the arena closes
   * @param chunkSize bytes of a chunk, at most 2³⁰ times {@code alignment}; if the inner serves
   *     less, as much as it serves
   * @param alignment what every address is a multiple of: bytes, a power of two, at most 2³⁰
   * @return a new arena, confined to the calling thread
   * @throws IllegalArgumentException if a size is out of its range, or the inner serves too little
   *     to align a block in it
   */
  public static ArenaAllocator create(Allocator inner, long chunkSize, long alignment) {
    return create(inner, chunkSize, alignment, Builder.DEFAULT_RETAIN);
  }

  private static ArenaAllocator create(
      Allocator inner, long chunkSize, long alignment, long retain) {
    requireValid(chunkSize, alignment, retain);
    return new ArenaAllocator(inner, chunkSize, alignment, retain);
  }

  /**
   * {@return a builder with defaults for everything}
   *
   * @param inner what chunks are taken from; stays open when the arena closes
   */
  public static Builder builder(Allocator inner) {
    return new Builder(inner);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1), and a word of books per 64 times {@code alignment} of
   * size; an inner malloc once a chunk, and for a size of over half a chunk. The cost is shown by
   * the bench's {@code reference} command.
   */
  @Override
  public long malloc(long size) {
    long address = tryBump(size);
    return address != NULL ? address : mallocSlow(size);
  }

  private long mallocSlow(long size) {
    long address;
    try {
      address = serve(size);
    } catch (OutOfMemoryError e) {
      throw AllocatorErrors.outOfMemory(NAME, size, reserved, e);
    }
    if (address != NULL) {
      return address;
    }
    if (size > maxSize) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", maxSize);
    }
    throw AllocatorErrors.outOfMemory(NAME, size, reserved, null);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. As {@link #malloc}.
   */
  @Override
  public long tryMalloc(long size) {
    long address = tryBump(size);
    return address != NULL ? address : tryMallocSlow(size);
  }

  private long tryMallocSlow(long size) {
    try {
      return serve(size);
    } catch (OutOfMemoryError e) {
      return NULL;
    }
  }

  /** The hot half of every malloc: returns NULL for a stranger too, who is told by the cold one. */
  private long tryBump(long size) {
    return Thread.currentThread() == owner ? bump(size) : NULL;
  }

  private long serve(long size) {
    requireUsable();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
    return size <= maxSize ? bumpSlow(size) : NULL;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. O(1) however many chunks there are, and a word of books per 64
   * times {@code alignment} of the block; an inner free if the block is an inner block of its own.
   */
  @Override
  public void free(long address) {
    if (!tryFree(address)) {
      ignoreNull(address);
    }
  }

  private static void ignoreNull(long address) {
    if (address != NULL) {
      throw AllocatorEvents.invalidFree(
          NAME, new InvalidFreeException(Reason.FOREIGN, NAME, address));
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. As {@link #free(long)}, and a look-up. A size is taken for the
   * block's iff it rounds up to the block's length.
   */
  @Override
  public void free(long address, long size) {
    if (!tryFree(address, size)) {
      ignoreNull(address);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. As {@link #free(long)}.
   */
  @Override
  public boolean tryFree(long address) {
    return (Thread.currentThread() == owner && bumpBack(address)) || tryFreeSlow(address);
  }

  private boolean tryFreeSlow(long address) {
    if (Thread.currentThread() != owner) {
      requireUsableOrAdopt();
      if (bumpBack(address)) {
        return true;
      }
    }
    return bumpBackSlow(address);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread. As {@link #free(long, long)}.
   */
  @Override
  public boolean tryFree(long address, long size) {
    requireUsableOrAdopt();
    long length = liveLength(address);
    if (length != 0 && (size < 1 || size > maxSize || blockLength(size) != length)) {
      throw AllocatorEvents.invalidFree(
          NAME, new InvalidFreeException(NAME, address, size, length));
    }
    return tryFree(address);
  }

  /** {@return the name and the options, sizes in bytes, without the inner} */
  @Override
  public String toString() {
    return NAME
        + "(chunkSize="
        + chunkSize()
        + ", alignment="
        + alignment()
        + ", retain="
        + retain()
        + ")";
  }

  /** Makes an {@link ArenaAllocator}, or several. Not for use by several threads at once. */
  public static final class Builder {

    /**
     * The chunkSize if none is given, in bytes: a thousand small blocks to one inner malloc, a KiB
     * of books at an alignment of 16, and half the size from which glibc maps each block by itself.
     */
    static final long DEFAULT_CHUNK_SIZE = 64 * 1024;

    /** The alignment not to exceed if none is given, in bytes: what C's malloc gives. */
    static final long MAX_DEFAULT_ALIGNMENT = 16;

    /**
     * The retain if none is given, in bytes: what a round may need again and again without an inner
     * malloc.
     */
    static final long DEFAULT_RETAIN = 4L * 1024 * 1024;

    private final Allocator inner;
    private long chunkSize = DEFAULT_CHUNK_SIZE;
    private long alignment;
    private long retain = DEFAULT_RETAIN;

    private Builder(Allocator inner) {
      this.inner = inner;
    }

    /**
     * Sets the bytes of a chunk, 64 KiB if not set. If the inner serves less, a chunk is what it
     * serves.
     *
     * @param chunkSize at least 1, at most 2³⁰ times the alignment
     * @return this builder
     */
    public Builder chunkSize(long chunkSize) {
      this.chunkSize = chunkSize;
      return this;
    }

    /**
     * Sets what every address is a multiple of. If not set, or set to 0: the inner's alignment, but
     * at most 16, so that nothing is spent on aligning.
     *
     * @param alignment bytes, a power of two, at most 2³⁰
     * @return this builder
     */
    public Builder alignment(long alignment) {
      this.alignment = alignment;
      return this;
    }

    /**
     * Sets how many bytes of chunks {@link ArenaAllocator#freeAll} keeps at the most, 4 MiB if not
     * set. It keeps no more than recent rounds needed, and always one chunk.
     *
     * @param retain bytes, at least 0
     * @return this builder
     */
    public Builder retain(long retain) {
      this.retain = retain;
      return this;
    }

    /**
     * {@return a new arena, confined to the calling thread}
     *
     * @throws IllegalArgumentException if a size is out of its range, or the inner serves too
     *     little to align a block in it
     */
    public ArenaAllocator build() {
      return create(inner, chunkSize, alignment == 0 ? defaultAlignment(inner) : alignment, retain);
    }

    private static long defaultAlignment(Allocator inner) {
      return Math.min(inner.alignment(), MAX_DEFAULT_ALIGNMENT);
    }
  }
}
