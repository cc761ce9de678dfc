package org.jallocator.testkit;

import org.jallocator.Allocator;

final class NaivePagesTest extends AllocatorContract {

  @Override
  protected Allocator create(Allocator inner) {
    return new NaivePages(inner, Bug.NONE);
  }
}
