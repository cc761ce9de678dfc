package org.jallocator.spi;

/**
 * The limit of a layer that hands out no more than so many bytes, for metrics. An allocator that
 * has a limit implements this besides. Shared, never blocks.
 */
public interface MemoryLimit {

  /** {@return how many bytes may be live at once} */
  long limitBytes();
}
