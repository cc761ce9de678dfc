/** Apache Arrow's buffers from a stack of allocators. */
module org.jallocator.arrow {
  requires static org.jspecify;
  requires transitive org.apache.arrow.memory.core;
  requires transitive org.jallocator;

  exports org.jallocator.arrow;
}
