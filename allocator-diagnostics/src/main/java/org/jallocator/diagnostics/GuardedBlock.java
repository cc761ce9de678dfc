package org.jallocator.diagnostics;

import org.jspecify.annotations.Nullable;

/** A block with its guards. */
final class GuardedBlock extends Block {

  /** The next in the quarantine. */
  @Nullable GuardedBlock next;

  /** Whether all its bytes were filled when it was freed. */
  boolean filled;

  /** What the report says of its malloc; empty if there is no report. */
  String allocation = "";

  /** Its place in the report, or -1. */
  int slot = -1;

  GuardedBlock(long size, long held) {
    super(size, held);
  }
}
