package org.jallocator.testkit;

import org.jallocator.Allocator;

final class NaiveArenaTest extends NaiveContract {

  @Override
  protected Allocator create(Allocator inner) {
    return new NaiveArena(inner, Bug.NONE);
  }
}
