/** A bump arena. */
module org.jallocator.arena {
  requires static org.jspecify;
  requires static com.google.auto.service;
  requires transitive org.jallocator;

  exports org.jallocator.arena;

  provides org.jallocator.spi.AllocatorProvider with
      org.jallocator.arena.ArenaProvider;
}
