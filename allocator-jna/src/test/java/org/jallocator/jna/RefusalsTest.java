package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class RefusalsTest {

  @Test
  void whatIsThrownTwiceIsNotSuppressedInItself() {
    Error shared = new OutOfMemoryError("the same for all, of a full heap");
    Refusals.suppress(shared, shared);
    assertSame(shared, Refusals.join(shared, shared));
    assertArrayEquals(new Throwable[0], shared.getSuppressed());
  }

  @Test
  void theSecondIsSuppressedInTheFirst() {
    Error first = new AssertionError("first");
    Error second = new AssertionError("second");
    assertSame(first, Refusals.join(Refusals.join(null, first), second));
    assertArrayEquals(new Throwable[] {second}, first.getSuppressed());
  }

  @Test
  void anOverflowIsThrownAtOnceUnlessTheCallerGoesOn() {
    Error first = new AssertionError("first");
    Error overflow = new StackOverflowError("second");
    assertSame(
        overflow, assertThrows(StackOverflowError.class, () -> Refusals.join(first, overflow)));
    assertSame(first, Refusals.first(first, overflow));
  }
}
