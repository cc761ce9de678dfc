package org.jallocator.testkit;

import org.jallocator.Allocator;

/** The recording allocator is an allocator itself, where it refuses wrong frees. */
final class RecordingAllocatorContractTest extends AllocatorContract {

  @Override
  protected Allocator create(Allocator inner) {
    return RecordingAllocator.builder().shared(false).refusesWrongFrees(true).build();
  }

  @Override
  protected LayerKind kind() {
    return LayerKind.LEAF;
  }
}
