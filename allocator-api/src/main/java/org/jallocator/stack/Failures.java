package org.jallocator.stack;

import org.jspecify.annotations.Nullable;

/** Several failures in one throwable. */
final class Failures {

  private Failures() {}

  /**
   * Joins what two steps threw. The virtual machine throws one {@link OutOfMemoryError} again and
   * again once the Java heap is full, and a throwable cannot suppress itself.
   *
   * @param first what was thrown before, or null
   * @param next what was thrown now, or null
   * @return the first one, which suppresses the other if there is room on the heap; null iff both
   *     are
   */
  static @Nullable Throwable join(@Nullable Throwable first, @Nullable Throwable next) {
    if (first == null) {
      return next;
    }
    if (next != null && next != first) {
      try {
        first.addSuppressed(next);
      } catch (VirtualMachineError e) {
        // The first one is what counts.
      }
    }
    return first;
  }
}
