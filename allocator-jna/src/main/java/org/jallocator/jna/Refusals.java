package org.jallocator.jna;

import org.jspecify.annotations.Nullable;

/** What several frees in a row threw, as one exception: the first, with the others suppressed. */
final class Refusals {

  private Refusals() {}

  /**
   * {@return the first of what was thrown} Makes no object that must be had: the heap may be full.
   *
   * @throws StackOverflowError at once, because the next call would throw it too
   */
  static Throwable join(@Nullable Throwable first, Throwable next) {
    if (next instanceof StackOverflowError error) {
      throw error;
    }
    if (first == null || first == next) {
      return next;
    }
    try {
      first.addSuppressed(next);
    } catch (OutOfMemoryError fullHeap) {
      // The first is reported; there is no room for more.
    }
    return first;
  }

  /** Throws what was thrown, if anything was. */
  static void rethrow(@Nullable Throwable refusal) {
    if (refusal instanceof Error error) {
      throw error;
    }
    if (refusal != null) {
      throw (RuntimeException) refusal;
    }
  }
}
