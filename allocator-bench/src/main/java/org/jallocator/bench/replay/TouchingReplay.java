package org.jallocator.bench.replay;

import org.jallocator.Allocator;
import org.jallocator.bench.trace.Trace;
import org.lwjgl.system.MemoryUtil;

/**
 * Makes the calls of one trace on an allocator and writes the first and the last byte of every page
 * of every block, as a program that fills its buffers does. What an allocator saves by giving large
 * blocks back to the system, its user pays for here: the system zeroes each page anew.
 *
 * <p>Confined to its owner thread.
 */
final class TouchingReplay implements Replay {

  /** Bytes of a page of the system. */
  static final int PAGE = 4096;

  private final int[] slots;
  private final long[] sizes;
  private final long[] addresses;
  private final int[] liveAtEnd;

  TouchingReplay(Trace trace) {
    slots = trace.slots();
    sizes = trace.sizes();
    addresses = new long[trace.slotCount()];
    liveAtEnd = trace.liveAtEnd();
  }

  @Override
  public long run(Allocator allocator) {
    long start = System.nanoTime();
    for (int i = 0; i < slots.length; i++) {
      if (sizes[i] == Trace.FREE) {
        allocator.free(addresses[slots[i]]);
      } else {
        addresses[slots[i]] = allocator.malloc(sizes[i]);
        touch(addresses[slots[i]], sizes[i]);
      }
    }
    long nanos = System.nanoTime() - start;
    for (int slot : liveAtEnd) {
      allocator.free(addresses[slot]);
    }
    return nanos;
  }

  private static void touch(long address, long size) {
    long end = address + size;
    for (long page = address; page < end; page += PAGE) {
      MemoryUtil.memPutByte(page, (byte) 1);
      MemoryUtil.memPutByte(Math.min(page + PAGE, end) - 1, (byte) 1);
    }
  }
}
