package org.jallocator;

/**
 * Hands out blocks of native memory by address.
 *
 * <p>An address is a raw {@code long}, compared as unsigned; {@link #NULL} is no address. A size is
 * in bytes. What every implementation promises:
 *
 * <ul>
 *   <li>Blocks in the caller's hands never overlap, and every address is a multiple of {@link
 *       #alignment()}.
 *   <li>After an error of any kind the state is what it was before the call.
 *   <li>A block is freed once. An allocator that knows its own memory (every {@link
 *       OwningAllocator}) answers a second free, an interior address or somebody else's address
 *       with {@link InvalidFreeException}. One limit is inherent: a second free that comes after
 *       the block was handed out again cannot be told from the new owner's free.
 *   <li>A layer never closes the inner allocator that it was given.
 * </ul>
 *
 * <p>Thread safety is told by {@link #isShared()}: a shared allocator may be used by any thread, a
 * confined one only by the thread that made it.
 */
public interface Allocator extends AutoCloseable {

  /** The address that stands for no block. */
  long NULL = 0L;

  /**
   * Hands out a block of at least {@code size} bytes, its contents undefined.
   *
   * @param size the bytes asked for, at least 1 and at most {@link #maxSize()}
   * @return the block's address, never {@link #NULL}
   * @throws IllegalArgumentException if {@code size} is less than 1 or more than {@link #maxSize()}
   * @throws OutOfMemoryError if there is no memory; a later call may succeed
   * @throws IllegalStateException if this allocator is closed, or confined to another thread
   */
  long malloc(long size);

  /**
   * Hands out a block as {@link #malloc} does, but returns {@link #NULL} where it cannot serve.
   *
   * @param size the bytes asked for, at least 1
   * @return the block's address; {@link #NULL} iff {@code size} is more than {@link #maxSize()} or
   *     there is no memory
   * @throws IllegalArgumentException if {@code size} is less than 1
   * @throws IllegalStateException if this allocator is closed, or confined to another thread
   */
  long tryMalloc(long size);

  /**
   * Takes a block back.
   *
   * @param address what {@link #malloc} returned; {@link #NULL} is ignored
   * @throws InvalidFreeException if {@code address} is not a block in the caller's hands, as far as
   *     this allocator can tell
   * @throws IllegalStateException if this allocator is closed, or confined to another thread
   */
  void free(long address);

  /**
   * Takes a block back, told its size, which lets a layer route without a search.
   *
   * @param address what {@link #malloc} returned; {@link #NULL} is ignored
   * @param size the size that {@link #malloc} was asked for, in bytes
   * @throws InvalidFreeException if {@code address} is not a block in the caller's hands, or cannot
   *     have had that size, as far as this allocator can tell
   * @throws IllegalStateException if this allocator is closed, or confined to another thread
   */
  void free(long address, long size);

  /**
   * {@return the largest size that {@link #malloc} serves, in bytes} It never changes, and may be
   * asked by any thread, also after closing.
   */
  long maxSize();

  /**
   * {@return what every address is a multiple of: bytes, a power of two} It never changes, and may
   * be asked by any thread, also after closing.
   */
  long alignment();

  /**
   * {@return whether any thread may use this allocator, or only the one that made it} It never
   * changes, and may be asked by any thread, also after closing.
   */
  boolean isShared();

  /**
   * {@return a snapshot of what is live and what is reserved} May take time in proportion to what
   * is reserved.
   *
   * @throws IllegalStateException if this allocator is confined to another thread; a closed one
   *     answers, with nothing live and nothing reserved
   */
  AllocatorStats stats();

  /**
   * Gives all memory back to the inner allocator. Closing twice is silent.
   *
   * @throws LeakException if blocks are still live: nothing is released and this allocator stays
   *     open; free them and close again
   * @throws IllegalStateException if this allocator is confined to another thread
   */
  @Override
  void close();
}
