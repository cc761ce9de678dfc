package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.testkit.RecordingAllocator;

/** A recording inner, and a place for a test to put its troubles before each of its calls. */
class TroublesomeInner implements Allocator {

  final RecordingAllocator ledger = RecordingAllocator.builder().reusesAddresses(true).build();

  /**
   * Called before every malloc.
   *
   * @return whether there is memory
   */
  boolean beforeMalloc() {
    return true;
  }

  /** Called before every free. */
  void beforeFree() {}

  @Override
  public final long malloc(long size) {
    return ledger.malloc(size);
  }

  @Override
  public final long tryMalloc(long size) {
    return beforeMalloc() ? ledger.tryMalloc(size) : NULL;
  }

  @Override
  public final void free(long address) {
    beforeFree();
    ledger.free(address);
  }

  @Override
  public final void free(long address, long size) {
    beforeFree();
    ledger.free(address, size);
  }

  @Override
  public final long maxSize() {
    return ledger.maxSize();
  }

  @Override
  public final long alignment() {
    return ledger.alignment();
  }

  @Override
  public final boolean isShared() {
    return true;
  }

  @Override
  public final AllocatorStats stats() {
    return ledger.stats();
  }

  @Override
  public final void close() {}
}
