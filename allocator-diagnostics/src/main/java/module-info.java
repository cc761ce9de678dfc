/** Layers that tell: what is live, who allocated it, who overran it, and what was asked. */
module org.jallocator.diagnostics {
  requires static org.jspecify;
  requires static com.google.auto.service;
  requires transitive org.jallocator;

  exports org.jallocator.diagnostics;

  uses org.jallocator.spi.NativeAccess;

  provides org.jallocator.spi.AllocatorProvider with
      org.jallocator.diagnostics.FailingProvider,
      org.jallocator.diagnostics.GuardedProvider,
      org.jallocator.diagnostics.LimitProvider,
      org.jallocator.diagnostics.LogProvider,
      org.jallocator.diagnostics.StatsProvider,
      org.jallocator.diagnostics.TrackedProvider;
}
