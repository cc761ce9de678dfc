package org.jallocator.spi;

import org.jallocator.Allocator;

/**
 * An allocator that can say of itself that a {@link StackOverflowError} of a call has come before
 * the first change. The contract asks that of all; but a layer asks for stack for its own frames,
 * see {@link StackRoom}, and one below it that asks for as much may find less. So a layer need not
 * guess what has become of a block: {@link #tookNothing}.
 *
 * <p>Implemented beside {@link Allocator}.
 */
public interface StackChecked {

  /**
   * {@return whether each call checks the stack before it changes anything, here and below} Shared,
   * never blocks. It does not change.
   */
  boolean isStackChecked();

  /**
   * {@return whether an allocator is one that is {@link #isStackChecked}} Shared, never blocks.
   *
   * @param allocator any allocator
   */
  static boolean is(Allocator allocator) {
    return allocator instanceof StackChecked checked && checked.isStackChecked();
  }

  /**
   * {@return whether a free that threw has taken nothing, so that the block is live as before}
   * Shared, never blocks.
   *
   * @param allocator whose free it was
   * @param thrown what it threw
   */
  static boolean tookNothing(Allocator allocator, Throwable thrown) {
    return thrown instanceof IllegalArgumentException
        || thrown instanceof IllegalStateException
        || (thrown instanceof StackOverflowError && is(allocator));
  }
}
