package org.jallocator.testkit;

import org.jallocator.Allocator;

final class NaiveCounterTest extends AllocatorContract {

  @Override
  protected Allocator create(Allocator inner) {
    return new NaiveCounter(inner, Bug.NONE);
  }

  @Override
  protected LayerKind kind() {
    return LayerKind.STACK;
  }
}
