package org.jallocator.spi;

import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;

/**
 * Receives what happens on the slow paths of allocators: for logs, metrics and flight recordings.
 * Found by {@link java.util.ServiceLoader}, or added by {@link AllocatorEvents#add}. Fast paths
 * report nothing.
 *
 * <p>A method is called on the thread on which it happens, perhaps within a lock of the allocator
 * and with little Java stack left. So it is quick, waits for nothing, and calls no allocator. What
 * it throws reaches no allocator. All methods do nothing by default; a layer is named by its
 * provider's name, such as {@code fixedblock}. Sizes are in bytes.
 *
 * <p>Implementations are shared: any thread may call them, several at once.
 */
public interface AllocatorListener {

  /**
   * Reports that a layer took a page, a chunk or a large block from its inner.
   *
   * @param layer the name of the layer
   * @param address the address that the inner handed out
   * @param bytes how many bytes the layer asked for
   */
  default void pageTaken(String layer, long address, long bytes) {}

  /**
   * Reports that a layer gave a page, a chunk or a large block back to its inner.
   *
   * @param layer the name of the layer
   * @param address the address that the inner had handed out
   * @param bytes how many bytes the layer had asked for
   */
  default void pageReturned(String layer, long address, long bytes) {}

  /**
   * Reports that the inner of a layer had no memory.
   *
   * @param layer the name of the layer that asked
   * @param bytes how many bytes it asked for
   */
  default void innerRefused(String layer, long bytes) {}

  /**
   * Reports that a layer refused a malloc, or warns, because of a limit that was configured.
   *
   * @param layer the name of the layer
   * @param bytes how many bytes were asked for
   * @param limit the limit, in bytes
   */
  default void limitReached(String layer, long bytes, long limit) {}

  /**
   * Reports that a layer was closed with live blocks.
   *
   * @param layer the name of the layer
   * @param leak what the close throws: counts, bytes and the first addresses
   */
  default void leaked(String layer, LeakException leak) {}

  /**
   * Reports that a layer refused a free.
   *
   * @param layer the name of the layer
   * @param refusal what the free throws: reason and address
   */
  default void invalidFree(String layer, InvalidFreeException refusal) {}
}
