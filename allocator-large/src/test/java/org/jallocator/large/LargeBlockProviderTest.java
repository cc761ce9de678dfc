package org.jallocator.large;

import java.util.Set;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.testkit.ProviderContract;

final class LargeBlockProviderTest extends ProviderContract {
  @Override
  protected Set<Class<? extends AllocatorProvider>> providers() {
    return Set.of(LargeBlockProvider.class);
  }
}
