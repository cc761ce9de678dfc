package org.jallocator.spi;

import org.jspecify.annotations.Nullable;

/**
 * What several steps threw, as one throwable: the first, in which the later ones are suppressed.
 * For a layer that goes on after an error of its inner, because each block that it does not give
 * back is lost.
 *
 * <p>Shared, never blocks.
 */
@SuppressWarnings("exports") // the annotation is gone at run time
public final class Failures {

  private Failures() {}

  /**
   * Joins what two steps threw. It needs no object: if there is no room on the Java heap or on the
   * stack to suppress the later one, that is dropped. The virtual machine throws one {@link
   * OutOfMemoryError} again and again once the Java heap is full, and a throwable cannot suppress
   * itself; then nothing is suppressed.
   *
   * @param first what was thrown before, or null
   * @param next what was thrown now, or null
   * @param <T> what both are
   * @return the first one, or else the other; null iff both are
   */
  @SuppressWarnings("ReferenceEquality") // the very object is meant
  public static <T extends Throwable> @Nullable T join(@Nullable T first, @Nullable T next) {
    if (first == null) {
      return next;
    }
    if (next != null && next != first) {
      try {
        first.addSuppressed(next);
      } catch (VirtualMachineError full) {
        // The first one is what counts.
      }
    }
    return first;
  }

  /**
   * Throws what was thrown, unless that is nothing.
   *
   * @param thrown an error, an unchecked exception, or null
   */
  public static void rethrow(@Nullable Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
    if (thrown != null) {
      throw new AssertionError(thrown); // a checked exception, which no allocator declares
    }
  }
}
