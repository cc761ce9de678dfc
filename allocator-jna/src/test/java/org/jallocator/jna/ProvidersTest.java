package org.jallocator.jna;

import java.util.Set;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.testkit.ProviderContract;

final class ProvidersTest extends ProviderContract {
  @Override
  protected Set<Class<? extends AllocatorProvider>> providers() {
    return Set.of(DefaultProvider.class, LibraryProvider.class);
  }
}
