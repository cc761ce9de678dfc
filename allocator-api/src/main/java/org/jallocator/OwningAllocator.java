package org.jallocator;

/**
 * An allocator that can tell its own memory from that of others, and so can be the primary of a
 * fallback allocator. Public on purpose: others may write one.
 */
public interface OwningAllocator extends Allocator {

  /**
   * Returns whether an address lies in this allocator's memory, be it in a live block, in a free
   * one or in slack.
   *
   * @param address any address; the answer for {@link #NULL} is false
   * @return true iff the address lies in memory that this allocator holds
   * @throws IllegalStateException if this allocator is closed, or confined to another thread
   */
  boolean owns(long address);

  /**
   * {@return the addresses of some live blocks, in no order} For reports: beside other threads it
   * may miss blocks, or name one that was just freed. The default names none.
   *
   * @param limit how many addresses at the most
   * @throws IllegalStateException if this allocator is confined to another thread that has not
   *     ended
   */
  default long[] liveAddresses(int limit) {
    return new long[0];
  }

  /**
   * Takes a block back if it is this allocator's.
   *
   * @param address any address
   * @return false, and nothing touched, iff the address is not in this allocator's memory ({@link
   *     #NULL} never is)
   * @throws InvalidFreeException if the address is in this allocator's memory but is no live block
   * @throws IllegalStateException if this allocator is closed, or confined to another thread
   */
  boolean tryFree(long address);

  /**
   * Takes a block back if it is this allocator's, and checks its size.
   *
   * @param address any address
   * @param size the size that the block was asked for with, in bytes
   * @return false, and nothing touched, iff the address is not in this allocator's memory
   * @throws InvalidFreeException if the address is in this allocator's memory but is no live block,
   *     or cannot have had that size
   * @throws IllegalStateException if this allocator is closed, or confined to another thread
   */
  default boolean tryFree(long address, long size) {
    if (!owns(address)) {
      return false;
    }
    free(address, size);
    return true;
  }
}
