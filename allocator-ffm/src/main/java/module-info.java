/** Arenas of {@code java.lang.foreign} on stacks of allocators. */
module org.jallocator.ffm {
  requires static org.jspecify;
  requires transitive org.jallocator;

  exports org.jallocator.ffm;
}
