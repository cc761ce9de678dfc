package org.jallocator;

/**
 * An allocator whose blocks can be freed all at once, or back to a mark.
 *
 * <p>Marks nest. A mark is good until it is released, an older one is released, or everything is
 * freed; after that it is stale.
 */
public interface Arena extends OwningAllocator {

  /**
   * Frees every live block. All marks become stale.
   *
   * @throws IllegalStateException if this arena is closed, or confined to another thread
   */
  void freeAll();

  /**
   * Opens a nested scope.
   *
   * @return the mark to hand to {@link #release}
   * @throws IllegalStateException if this arena is closed, or confined to another thread
   */
  long mark();

  /**
   * Frees every block that was handed out since a mark and is still live, and ends the mark
   * together with all younger ones. Older blocks are untouched.
   *
   * @param mark what {@link #mark} returned
   * @throws IllegalStateException if the mark is stale or never was one, or this arena is closed,
   *     or confined to another thread
   */
  void release(long mark);
}
