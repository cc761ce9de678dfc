package org.jallocator.torture;

import java.util.Map;
import java.util.TreeMap;

/** What a row has tried: a total, and how much of it was of which kind. Shared, may block. */
final class Figures {

  private final Map<String, Long> kinds = new TreeMap<>();
  private long total;
  private String skipped = "";

  /** Counts some more of one kind. */
  synchronized void add(String kind, long count) {
    kinds.merge(kind, count, Long::sum);
    total += count;
  }

  /** Counts some more. */
  synchronized void add(long count) {
    total += count;
  }

  /** Says why nothing could be tried here. */
  synchronized void skip(String reason) {
    skipped = reason;
  }

  synchronized long total() {
    return total;
  }

  synchronized String skipped() {
    return skipped;
  }

  synchronized Map<String, Long> kinds() {
    return new TreeMap<>(kinds);
  }
}
