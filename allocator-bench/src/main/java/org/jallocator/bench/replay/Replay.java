package org.jallocator.bench.replay;

import org.jallocator.Allocator;
import org.jallocator.bench.trace.Trace;

/** Makes the calls of one trace on an allocator and times them. */
interface Replay {

  /** {@return a replay of a trace, each of its threads on a thread of its own} */
  static Replay of(Trace trace) {
    return trace.threadCount() > 1 ? new ThreadedReplay(trace) : new OrderedReplay(trace);
  }

  /**
   * Replays the trace once. What it never frees is freed after the clock has stopped.
   *
   * @param allocator the allocator to call, a shared one if the trace has several threads
   * @return the time that the trace's calls took, in nanoseconds
   */
  long run(Allocator allocator);
}
