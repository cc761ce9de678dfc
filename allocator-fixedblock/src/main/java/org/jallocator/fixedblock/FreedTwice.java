package org.jallocator.fixedblock;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jspecify.annotations.Nullable;

/** The blocks of which two frees raced and both succeeded, until closing reports them. */
final class FreedTwice {

  /** How many are reported one by one. */
  private static final int MAX_ADDRESSES = 64;

  private final long[] addresses = new long[MAX_ADDRESSES];
  private long count;

  /** Adds a block. */
  synchronized void add(long address) {
    if (count < MAX_ADDRESSES) {
      addresses[(int) count] = address;
    }
    count++;
  }

  /**
   * Takes the report.
   *
   * @return the exception for the first block, with those for the others suppressed in it; null iff
   *     there is none
   */
  synchronized @Nullable InvalidFreeException take(String layerName) {
    if (count == 0) {
      return null;
    }
    List<InvalidFreeException> all = new ArrayList<>();
    for (int i = 0; i < Math.min(count, MAX_ADDRESSES); i++) {
      all.add(new InvalidFreeException(Reason.DOUBLE_FREE, layerName, addresses[i]));
    }
    InvalidFreeException first = all.get(0);
    all.subList(1, all.size()).forEach(first::addSuppressed);
    if (count > MAX_ADDRESSES) {
      first.addSuppressed(
          new IllegalStateException(
              layerName + ": more blocks were freed twice: count=" + (count - MAX_ADDRESSES)));
    }
    count = 0;
    return first;
  }
}
