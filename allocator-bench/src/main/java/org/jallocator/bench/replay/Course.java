package org.jallocator.bench.replay;

import org.jallocator.Allocator;
import org.jallocator.bench.counting.CountingAllocator;
import org.jallocator.bench.counting.CountingLoader;
import org.jallocator.bench.trace.Trace;
import org.jallocator.stack.AllocatorStack;

/**
 * How many bytes are live, and how many a stack holds from C, over the course of a trace: what
 * stands between the two lines is what fragmentation and spare pages cost. The calls are made in
 * their recorded order by one thread.
 */
final class Course {

  /** Values of each line. */
  static final int SAMPLES = 400;

  private Course() {}

  /** {@return the most bytes live in each part of a trace} */
  static long[] live(Trace trace) {
    long[] sizeInSlot = new long[trace.slotCount()];
    long[] most = new long[SAMPLES];
    long live = 0;
    for (int i = 0; i < trace.operations(); i++) {
      int slot = trace.slots()[i];
      live += trace.sizes()[i] - sizeInSlot[slot];
      sizeInSlot[slot] = trace.sizes()[i];
      put(most, i, trace, live);
    }
    return filled(most, trace);
  }

  /** {@return the most bytes that a stack holds from C in each part of a trace} */
  static long[] reserved(String expression, Trace trace) {
    long[] addresses = new long[trace.slotCount()];
    long[] most = new long[SAMPLES];
    try (AllocatorStack stack = AllocatorStack.open(expression, new CountingLoader())) {
      Allocator allocator = stack.allocator();
      CountingAllocator.Ledger ledger = stack.find(CountingAllocator.class).orElseThrow().ledger();
      for (int i = 0; i < trace.operations(); i++) {
        int slot = trace.slots()[i];
        if (trace.sizes()[i] == Trace.FREE) {
          allocator.free(addresses[slot]);
        } else {
          addresses[slot] = allocator.malloc(trace.sizes()[i]);
        }
        put(most, i, trace, ledger.liveBytes());
      }
      for (int slot : trace.liveAtEnd()) {
        allocator.free(addresses[slot]);
      }
    }
    return filled(most, trace);
  }

  private static void put(long[] most, int call, Trace trace, long bytes) {
    int part = part(call, trace);
    most[part] = Math.max(most[part], bytes);
  }

  private static int part(int call, Trace trace) {
    return (int) ((long) call * SAMPLES / trace.operations());
  }

  /** Fills the parts that a trace of few calls leaves out with what was before them. */
  private static long[] filled(long[] most, Trace trace) {
    boolean[] has = new boolean[SAMPLES];
    for (int i = 0; i < trace.operations(); i++) {
      has[part(i, trace)] = true;
    }
    for (int part = 1; part < SAMPLES; part++) {
      most[part] = has[part] ? most[part] : most[part - 1];
    }
    return most;
  }
}
