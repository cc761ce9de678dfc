package org.jallocator.testkit;

import org.jallocator.Allocator;

/** The contract over two layers: the chunks of an arena are blocks of pages. */
final class NaiveStackTest extends NaiveContract {

  @Override
  protected Allocator create(Allocator inner) {
    return new NaiveArena(below(new NaivePages(inner, Bug.NONE)), Bug.NONE);
  }

  @Override
  protected LayerKind kind() {
    return LayerKind.STACK;
  }
}
