package org.jallocator.bench.replay;

import org.jallocator.bench.console.Spread;
import org.jallocator.bench.trace.Trace;
import org.jspecify.annotations.Nullable;

/**
 * What the replay of one trace on one stack came to.
 *
 * @param trace the trace
 * @param stack the stack's canonical expression
 * @param nanos over the rounds, in nanoseconds for one malloc or one free
 * @param ratioToJna the median of those, in jna's medians on the same trace in the same run
 * @param footprint what the stack took from C
 * @param pageFaults the median over the rounds; null if they were not counted
 */
public record ReplayResult(
    Trace trace,
    String stack,
    Spread nanos,
    double ratioToJna,
    Footprint footprint,
    @Nullable Double pageFaults) {

  /** {@return the median of the nanoseconds} */
  double nanosPerOperation() {
    return nanos.median();
  }
}
