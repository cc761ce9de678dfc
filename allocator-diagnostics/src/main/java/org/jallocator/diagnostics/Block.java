package org.jallocator.diagnostics;

import org.jspecify.annotations.Nullable;

/** What the {@link Books} say of one block. Guarded by the books. */
class Block {

  /** The address that the user has; 0 until the inner has given it. */
  long address;

  /** What the inner gave, which may differ from {@code address}; 0 until it has. */
  long raw;

  /** The bytes that the user asked for. */
  final long size;

  /** The bytes that are taken from the inner for it. */
  final long held;

  /** How many blocks had been entered when it was, itself included. */
  long serial;

  /** The blocks of the books that were entered before it and after it. */
  @Nullable Block older;

  @Nullable Block newer;

  /** Whether it is on its way back to the inner, or held back: not live any more. */
  boolean leaving;

  /** Whether the inner is asked to take it: from then on it does not count as reserved. */
  boolean given;

  /** Whether the layer holds it back from the inner, after the user freed it. */
  boolean heldBack;

  Block(long size, long held) {
    this.size = size;
    this.held = held;
  }
}
