/** The leaf on the C library, and the surface for JNA users. */
module org.jallocator.jna {
  requires static org.jspecify;
  requires static com.google.auto.service;
  requires transitive org.jallocator;
  requires transitive com.sun.jna;

  exports org.jallocator.jna;

  provides org.jallocator.spi.AllocatorProvider with
      org.jallocator.jna.DefaultProvider,
      org.jallocator.jna.LibraryProvider;
  provides org.jallocator.spi.NativeAccess with
      org.jallocator.jna.JnaNativeAccess;
  provides org.jallocator.spi.ProcessFence with
      org.jallocator.jna.JnaProcessFence;
}
