package org.jallocator.testkit;

import org.jallocator.Allocator;

final class NaiveArenaTest extends AllocatorContract {

  @Override
  protected Allocator create(Allocator inner) {
    return new NaiveArena(inner, Bug.NONE);
  }
}
