package org.jallocator.metrics;

import java.util.Set;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.testkit.ProviderContract;

final class JfrProviderTest extends ProviderContract {
  @Override
  protected Set<Class<? extends AllocatorProvider>> providers() {
    return Set.of(JfrProvider.class);
  }
}
