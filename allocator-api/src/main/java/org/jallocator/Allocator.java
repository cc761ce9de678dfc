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
 *   <li>After an error of any kind the state is what it was before the call: no block, page or lock
 *       is lost. That holds for a {@link StackOverflowError}, a full Java heap and whatever the
 *       inner throws.
 *   <li>A {@code free} that throws an {@link IllegalArgumentException} or an {@link
 *       IllegalStateException} took nothing: the block is what it was. After any other throwable
 *       the caller cannot know whether the block was taken, so it must neither use the block nor
 *       free it again; the allocator may report it as a leak. A layer treats a page that its inner
 *       threw at in the same way: one that the inner did not take stays with the layer, which goes
 *       on, and closing throws the exception; any other it drops from its books, and the exception
 *       passes.
 *   <li>A block is freed once. An allocator that can tell its own memory (every {@link
 *       OwningAllocator}) answers a second free, an interior address or a foreign address with
 *       {@link InvalidFreeException}. One limit is inherent: a second free that comes after the
 *       block was handed out again cannot be told from the new owner's free.
 *   <li>A layer never closes the inner allocator that it was given.
 * </ul>
 *
 * <p>{@link #isShared()} says which threads may call: a shared allocator may be used by any thread,
 * a confined one only by the thread that made it.
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
   * Hands out a block as {@link #malloc} does, but returns {@link #NULL} if it cannot serve.
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
   * Takes a block back and checks its size.
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
   * {@return how many bytes a block for this size has: all may be used} The default returns the
   * size. May be asked by any thread, also after closing.
   *
   * @param size the bytes to be asked for, at least 1 and at most {@link #maxSize()}
   * @throws IllegalArgumentException if {@code size} is less than 1 or more than {@link #maxSize()}
   */
  default long goodSize(long size) {
    if (size < 1 || size > maxSize()) {
      throw new IllegalArgumentException(
          "size is out of range: size=" + size + ", limit=" + maxSize());
    }
    return size;
  }

  /**
   * Gives back to the inner allocator what can be given back now. Takes time in proportion to what
   * is reserved. The default does nothing.
   *
   * @return the bytes that went back to the inner
   * @throws IllegalStateException if this allocator is closed, or confined to another thread
   */
  default long trim() {
    return 0;
  }

  /**
   * {@return whether any thread may use this allocator, or only the one that made it} It never
   * changes, and may be asked by any thread, also after closing.
   */
  boolean isShared();

  /**
   * {@return a snapshot of what is live and what is reserved} May be asked by any thread, also of a
   * confined allocator; never blocks. A closed allocator has nothing live and nothing reserved. May
   * take time in proportion to what is reserved.
   */
  AllocatorStats stats();

  /**
   * Gives all memory back to the inner allocator. Closing twice is silent.
   *
   * @throws LeakException if blocks are still live: nothing is released and this allocator stays
   *     open; free them and close again
   * @throws IllegalStateException if this allocator is confined to another thread that has not
   *     ended
   */
  @Override
  void close();

  /**
   * Gives all memory back to the inner allocator, also that of live blocks, and closes. What this
   * allocator keeps no books of stays with its inner. Closing twice is silent. The default closes.
   *
   * @throws LeakException if blocks were live; this allocator is closed all the same
   * @throws IllegalStateException if this allocator is confined to another thread that has not
   *     ended
   */
  default void closeAndRelease() {
    close();
  }
}
