package org.jallocator.testkit;

import org.jallocator.Allocator;

final class NaivePagesTest extends NaiveContract {

  @Override
  protected Allocator create(Allocator inner) {
    return new NaivePages(inner, Bug.NONE);
  }
}
