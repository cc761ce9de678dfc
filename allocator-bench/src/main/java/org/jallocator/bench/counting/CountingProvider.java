package org.jallocator.bench.counting;

import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.jna.DefaultProvider;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/**
 * Stands in for the provider of {@code jna}, so that a stack can be measured as it is written. It
 * is no service of its own: only a {@link CountingLoader} finds it. Unlike a real provider it keeps
 * state, the ledger that all its leaves share.
 */
public final class CountingProvider implements AllocatorProvider {

  private final AllocatorProvider replaced = new DefaultProvider();
  private final CountingAllocator.Ledger ledger = new CountingAllocator.Ledger();

  /** For the service loader. */
  public CountingProvider() {}

  @Override
  public String name() {
    return replaced.name();
  }

  @Override
  public String description() {
    return replaced.description();
  }

  @Override
  public List<Option<?>> options() {
    return replaced.options();
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return replaced.innerLayers();
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return new CountingAllocator(replaced.create(settings), ledger);
  }
}
