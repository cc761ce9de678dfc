/** Netty's direct buffers from stacks of allocators. */
module org.jallocator.netty {
  requires static org.jspecify;
  requires transitive org.jallocator;
  requires transitive io.netty.buffer;
  requires transitive io.netty.common; // where the types are that a buffer extends

  exports org.jallocator.netty;

  uses org.jallocator.spi.NativeAccess;
}
