package org.jallocator.testkit;

import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/** The contract, run on a naive allocator with a bug planted; not named as a test, for it fails. */
class MutantContract extends AllocatorContract {

  /** The bug to plant next. */
  static Bug planted = Bug.NONE;

  private @Nullable NaiveLeaf leaf;

  @Override
  protected Allocator create(Allocator inner) {
    return switch (planted.host()) {
      case PAGES -> new NaivePages(inner, planted);
      case ARENA -> new NaiveArena(inner, planted);
      case LEAF -> createLeaf();
      case SHARED -> new NaiveShared(inner, planted);
      case COUNTER -> new NaiveCounter(inner, planted);
    };
  }

  private Allocator createLeaf() {
    NaiveLeaf created = new NaiveLeaf(planted);
    leaf = created;
    return created;
  }

  @Override
  protected LayerKind kind() {
    return switch (planted.host()) {
      case LEAF -> LayerKind.LEAF;
      case COUNTER -> LayerKind.STACK;
      default -> LayerKind.LAYER;
    };
  }

  @Override
  protected void write(long address, long size, byte pattern) {
    if (leaf != null) {
      leaf.write(address, size, pattern);
    }
  }

  @Override
  protected boolean verify(long address, long size, byte pattern) {
    return leaf == null || leaf.verify(address, size, pattern);
  }
}
