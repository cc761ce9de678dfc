package org.jallocator.testkit;

import java.util.Objects;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

final class NaiveLeafTest extends AllocatorContract {

  private @Nullable NaiveLeaf leaf;

  @Override
  protected Allocator create(Allocator inner) {
    leaf = new NaiveLeaf(Bug.NONE);
    return leaf;
  }

  @Override
  protected LayerKind kind() {
    return LayerKind.LEAF;
  }

  @Override
  protected void write(long address, long size, byte pattern) {
    Objects.requireNonNull(leaf).write(address, size, pattern);
  }

  @Override
  protected boolean verify(long address, long size, byte pattern) {
    return Objects.requireNonNull(leaf).verify(address, size, pattern);
  }
}
