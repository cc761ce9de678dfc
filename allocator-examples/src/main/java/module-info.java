/**
 * Runnable examples: libc, zlib and SQLite over stacks of allocators, and what diagnostic layers
 * say.
 */
module org.jallocator.examples {
  // Transitive, because nothing depends on the examples: elsewhere users would have to have it.
  requires static transitive org.jspecify;
  requires static com.google.auto.service;
  requires transitive org.jallocator.jna;
  requires org.jallocator.arena;
  requires org.jallocator.diagnostics;
  requires org.jallocator.fixedblock;

  // JNA reads the structures and calls the interfaces.
  exports org.jallocator.examples;
}
