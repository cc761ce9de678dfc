package org.jallocator.diagnostics;

import java.util.Set;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.testkit.ProviderContract;

final class ProvidersTest extends ProviderContract {
  @Override
  protected Set<Class<? extends AllocatorProvider>> providers() {
    return Set.of(
        StatsProvider.class,
        TrackedProvider.class,
        GuardedProvider.class,
        LimitProvider.class,
        FailingProvider.class,
        LogProvider.class);
  }
}
