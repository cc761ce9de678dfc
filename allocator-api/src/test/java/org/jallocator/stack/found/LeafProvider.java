package org.jallocator.stack.found;

import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;

/** Provides {@code jna}: a leaf that hands out one address. */
public class LeafProvider implements AllocatorProvider {

  /** For the service loader. */
  public LeafProvider() {}

  @Override
  public String name() {
    return "jna";
  }

  @Override
  public String description() {
    return "a leaf for tests";
  }

  @Override
  public List<Option<?>> options() {
    return List.of();
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of();
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return new Leaf();
  }

  private static final class Leaf implements Allocator {

    @Override
    public long malloc(long size) {
      return 16;
    }

    @Override
    public long tryMalloc(long size) {
      return 16;
    }

    @Override
    public void free(long address) {}

    @Override
    public void free(long address, long size) {}

    @Override
    public long maxSize() {
      return 16;
    }

    @Override
    public long alignment() {
      return 16;
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public AllocatorStats stats() {
      return AllocatorStats.UNTRACKED;
    }

    @Override
    public void close() {}
  }
}
