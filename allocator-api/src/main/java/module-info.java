/**
 * The contract of every allocator, the SPI by which allocators are found, and the stacks that are
 * built of them.
 */
@org.jspecify.annotations.NullMarked
module org.jallocator {
  requires static org.jspecify;

  exports org.jallocator;
  exports org.jallocator.spi;
  exports org.jallocator.stack;

  uses org.jallocator.spi.AllocatorListener;
  uses org.jallocator.spi.AllocatorProvider;
  uses org.jallocator.spi.NativeAccess;
  uses org.jallocator.spi.ProcessFence;
}
