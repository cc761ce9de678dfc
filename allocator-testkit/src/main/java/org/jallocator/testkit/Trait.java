package org.jallocator.testkit;

import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.OwningAllocator;

/** What an allocator under test is, as far as a rule may need it. */
enum Trait {
  /** It is an {@link OwningAllocator}, so it refuses wrong frees. */
  OWNING,
  /** It is an {@link Arena}. */
  ARENA,
  /** Any thread may use it. */
  SHARED,
  /** It is confined to its owner thread. */
  CONFINED,
  /** It keeps books. */
  TRACKED,
  /** Its largest size is less than {@code Long.MAX_VALUE}. */
  LIMITED,
  /** It stands on invented memory with a ledger, alone or as a stack. */
  LEDGER,
  /** It is one layer on a ledger, which must agree with its stats. */
  EXACT;

  boolean isOf(Subject subject) {
    Allocator allocator = subject.allocator();
    return switch (this) {
      case OWNING -> allocator instanceof OwningAllocator;
      case ARENA -> allocator instanceof Arena;
      case SHARED -> allocator.isShared();
      case CONFINED -> !allocator.isShared();
      case TRACKED -> subject.isTracked();
      case LIMITED -> allocator.maxSize() < Long.MAX_VALUE;
      case LEDGER -> subject.ledger() != null;
      case EXACT -> subject.isExact();
    };
  }
}
