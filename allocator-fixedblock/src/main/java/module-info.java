/** Fixed blocks, and fallback from one allocator to another. */
module org.jallocator.fixedblock {
  requires static org.jspecify;
  requires static com.google.auto.service;
  requires transitive org.jallocator;

  exports org.jallocator.fixedblock;

  provides org.jallocator.spi.AllocatorProvider with
      org.jallocator.fixedblock.FixedBlockProvider,
      org.jallocator.fixedblock.SizeClassProvider,
      org.jallocator.fixedblock.FallbackProvider;
}
