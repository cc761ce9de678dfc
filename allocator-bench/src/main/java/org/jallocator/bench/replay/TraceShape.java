package org.jallocator.bench.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.console.TextTable;
import org.jallocator.bench.page.Bars;
import org.jallocator.bench.page.Figure;
import org.jallocator.bench.trace.Trace;

/** What the blocks of a trace are like: how large they are, and how long they live. */
final class TraceShape {

  /** Stands for a block that is never freed; longer than any that is. */
  private static final long FOR_EVER = Long.MAX_VALUE;

  private TraceShape() {}

  /** {@return the number of blocks by the largest size of their bin, a power of two} */
  static Map<Long, Long> sizes(Trace trace) {
    Map<Long, Long> bins = new TreeMap<>();
    for (long size : trace.sizes()) {
      if (size != Trace.FREE) {
        bins.merge(bin(size), 1L, Long::sum);
      }
    }
    return bins;
  }

  /** {@return the number of blocks by the longest life of their bin, in calls, a power of two} */
  static Map<Long, Long> lifetimes(Trace trace) {
    Map<Long, Long> bins = new TreeMap<>();
    int[] mallocInSlot = new int[trace.slotCount()];
    for (int i = 0; i < trace.operations(); i++) {
      int slot = trace.slots()[i];
      if (trace.sizes()[i] == Trace.FREE) {
        bins.merge(bin(i - mallocInSlot[slot]), 1L, Long::sum);
      } else {
        mallocInSlot[slot] = i;
      }
    }
    if (trace.liveAtEnd().length > 0) {
      bins.put(FOR_EVER, (long) trace.liveAtEnd().length);
    }
    return bins;
  }

  /** {@return the smallest power of two that is not less than a number above 0} */
  private static long bin(long number) {
    return number <= 1 ? 1 : Long.highestOneBit(number - 1) << 1;
  }

  /** {@return a bar for each bin} */
  static Figure figure(String title, Map<Long, Long> bins) {
    double all = bins.values().stream().mapToLong(Long::longValue).sum();
    Bars bars = new Bars().onOneLine();
    List<List<String>> rows = new ArrayList<>();
    bins.forEach(
        (bin, blocks) -> {
          String part = String.format(Locale.ROOT, "%.1f %%", 100 * blocks / all);
          bars.add(
              name(bin), TextTable.count(blocks) + ", " + part, Spread.exact((double) blocks), 7);
          rows.add(List.of(name(bin), TextTable.count(blocks), part));
        });
    return bars.figure(title, List.of("", "blocks", "part"), rows);
  }

  private static String name(long bin) {
    if (bin == FOR_EVER) {
      return "never freed";
    }
    return bin <= 2
        ? String.valueOf(bin)
        : TextTable.count(bin / 2 + 1) + " to " + TextTable.count(bin);
  }
}
