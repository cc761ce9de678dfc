package org.jallocator.testkit;

/** What a random program does: when it takes a block, and which one it gives back. */
enum Workload {
  /** One block or two, freed at once: the temporaries of a call into C. */
  TEMPORARY,
  /** Grows to some height, then shrinks to nothing, oldest block first. */
  QUEUE,
  /** Grows to some height, then shrinks to nothing, youngest block first. */
  STACK,
  /** Grows to some height, then shrinks to nothing in any order. */
  HEAP,
  /** Stays near a height, taking and freeing in any order. */
  CHURN,
  /**
   * Goes up and down by a few blocks at the height at which the inner was asked for more: at a
   * page's edge.
   */
  SAWTOOTH,
  /** Opens and ends nested scopes of an arena. */
  SCOPES
}
