/** Large blocks that are kept for reuse, and every bad free of them found. */
module org.jallocator.large {
  requires static org.jspecify;
  requires static com.google.auto.service;
  requires transitive org.jallocator;

  exports org.jallocator.large;

  provides org.jallocator.spi.AllocatorProvider with
      org.jallocator.large.LargeBlockProvider;
}
