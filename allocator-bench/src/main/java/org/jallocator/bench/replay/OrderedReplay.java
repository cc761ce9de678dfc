package org.jallocator.bench.replay;

import org.jallocator.Allocator;
import org.jallocator.bench.trace.Trace;

/**
 * Makes the calls of one trace on an allocator in the recorded order, on the calling thread.
 *
 * <p>The timed loop is the same for every allocator: it reads two arrays in order, keeps addresses
 * in a third, allocates nothing and writes to no block. Which allocator it calls is not known to
 * the compiler beforehand, so it stays one call site with one receiver only while a JVM replays on
 * one stack: see {@link ReplayFork}. Freeing is {@code free(address)}, as the recorded programs
 * did; the sizes are not passed.
 *
 * <p>Confined to its owner thread.
 */
final class OrderedReplay implements Replay {

  private final int[] slots;
  private final long[] sizes;
  private final long[] addresses;
  private final int[] liveAtEnd;

  OrderedReplay(Trace trace) {
    slots = trace.slots();
    sizes = trace.sizes();
    addresses = new long[trace.slotCount()];
    liveAtEnd = trace.liveAtEnd();
  }

  @Override
  public long run(Allocator allocator) {
    long start = System.nanoTime();
    call(allocator);
    long nanos = System.nanoTime() - start;
    for (int slot : liveAtEnd) {
      allocator.free(addresses[slot]);
    }
    return nanos;
  }

  private void call(Allocator allocator) {
    int[] slots = this.slots;
    long[] sizes = this.sizes;
    long[] addresses = this.addresses;
    for (int i = 0; i < slots.length; i++) {
      long size = sizes[i];
      if (size == Trace.FREE) {
        allocator.free(addresses[slots[i]]);
      } else {
        addresses[slots[i]] = allocator.malloc(size);
      }
    }
  }
}
