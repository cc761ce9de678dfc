package org.jallocator.testkit;

import java.util.Objects;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/** The contract over an inner that keeps no ledger, with memory that can be written to. */
final class NaivePagesOnRealMemoryTest extends NaiveContract {

  private @Nullable NaiveLeaf leaf;

  @Override
  protected Allocator create(Allocator inner) {
    return new NaivePages(inner, Bug.NONE);
  }

  @Override
  protected Allocator createRealInner() {
    leaf = new NaiveLeaf(Bug.NONE);
    return leaf;
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
