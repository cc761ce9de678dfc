package org.jallocator.arena;

import java.util.Set;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.testkit.ProviderContract;

final class ArenaProviderTest extends ProviderContract {
  @Override
  protected Set<Class<? extends AllocatorProvider>> providers() {
    return Set.of(ArenaProvider.class);
  }
}
