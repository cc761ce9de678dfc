package org.jallocator.testkit;

/** The contract for allocators whose books are maps, which do not survive a stack overflow. */
abstract class NaiveContract extends AllocatorContract {

  @Override
  void aStackOverflowAtAnyDepthChangesNothing() {}
}
