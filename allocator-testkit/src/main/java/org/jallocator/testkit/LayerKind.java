package org.jallocator.testkit;

/** Where an allocator under test stands; what can be checked of its inner depends on that. */
public enum LayerKind {
  /**
   * One layer on one inner: the inner's ledger must agree with the layer's stats to the byte, and
   * no wrong free may ever reach the inner.
   */
  LAYER,
  /** An allocator without an inner: there is no ledger to compare with. */
  LEAF,
  /**
   * Several layers on one inner: the root may pass on a free of a foreign address, so the inner
   * refuses wrong frees by itself; at the end its ledger must be empty.
   */
  STACK
}
