package org.jallocator.bench.replay;

import java.util.Optional;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.counting.CountingAllocator;
import org.jallocator.bench.counting.CountingLoader;
import org.jallocator.bench.trace.Trace;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;

/**
 * What a stack took from C while it replayed a trace, found by an untimed replay over counting
 * leaves.
 *
 * @param peakReservedBytes the most bytes that the stack held from C at once, as it asked for them;
 *     null if it does not stand on {@code jna}
 * @param innerMallocs the mallocs that reached C; null if it does not stand on {@code jna}
 */
public record Footprint(@Nullable Long peakReservedBytes, @Nullable Long innerMallocs) {

  /** That of what does not stand on {@code jna}. */
  public static final Footprint UNKNOWN = new Footprint(null, null);

  /**
   * {@return what a stack takes from C for a trace}
   *
   * @throws BadInputException if the stack cannot serve the trace
   */
  static Footprint measure(String expression, Trace trace) {
    try (AllocatorStack stack = AllocatorStack.open(expression, new CountingLoader())) {
      if (trace.threadCount() > 1 && !stack.allocator().isShared()) {
        throw new BadInputException(
            ("stack is confined to one thread, and the trace has several; build it with shared=true:"
                    + " trace=%s, threads=%d, stack=%s")
                .formatted(trace.name(), trace.threadCount(), expression));
      }
      long maxSize = stack.allocator().maxSize();
      if (trace.largestSize() > maxSize) {
        throw new BadInputException(
            ("stack cannot serve the trace: trace=%s, largest size=%d, maxSize of the stack=%d,"
                    + " stack=%s")
                .formatted(trace.name(), trace.largestSize(), maxSize, expression));
      }
      Replay.of(trace).run(stack.allocator());
      Optional<CountingAllocator> leaf = stack.find(CountingAllocator.class);
      return leaf.map(CountingAllocator::ledger)
          .map(ledger -> new Footprint(ledger.peakLiveBytes(), ledger.mallocs()))
          .orElse(UNKNOWN);
    } catch (OutOfMemoryError e) {
      throw new BadInputException(
          "stack has no memory for the trace: trace=%s, stack=%s: %s"
              .formatted(trace.name(), expression, e.getMessage()),
          e);
    }
  }
}
