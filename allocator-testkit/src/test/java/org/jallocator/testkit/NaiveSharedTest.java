package org.jallocator.testkit;

import org.jallocator.Allocator;

final class NaiveSharedTest extends NaiveContract {

  @Override
  protected Allocator create(Allocator inner) {
    return new NaiveShared(inner, Bug.NONE);
  }
}
