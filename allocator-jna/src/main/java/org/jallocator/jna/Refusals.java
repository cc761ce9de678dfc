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
    return first(first, next);
  }

  /** {@return the first of what was thrown, a stack overflow like all else} */
  static Throwable first(@Nullable Throwable first, Throwable next) {
    if (first == null) {
      return next;
    }
    suppress(first, next);
    return first;
  }

  /**
   * Suppresses in what is to be thrown what was thrown after it. A full heap has one error for all:
   * then both are the same.
   */
  @SuppressWarnings("ReferenceEquality") // the very object is meant
  static void suppress(Throwable thrown, Throwable next) {
    if (thrown == next) {
      return;
    }
    try {
      thrown.addSuppressed(next);
    } catch (OutOfMemoryError | StackOverflowError full) {
      // What is to be thrown is reported; there is no room for more.
    }
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
