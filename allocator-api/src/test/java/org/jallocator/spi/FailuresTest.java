package org.jallocator.spi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class FailuresTest {

  @Test
  void nothingAndNothingIsNothing() {
    assertNull(Failures.join(null, null));
    assertDoesNotThrow(() -> Failures.rethrow(null));
  }

  @Test
  void theSecondIsSuppressedInTheFirst() {
    Error first = new AssertionError("first");
    Error second = new AssertionError("second");
    assertSame(first, Failures.join(Failures.join(null, first), second));
    assertSame(first, Failures.join(first, null));
    assertArrayEquals(new Throwable[] {second}, first.getSuppressed());
  }

  @Test
  void whatIsThrownTwiceIsNotSuppressedInItself() {
    Error shared = new OutOfMemoryError("the same for all, of a full heap");
    assertSame(shared, Failures.join(shared, shared));
    assertArrayEquals(new Throwable[0], shared.getSuppressed());
  }

  @Test
  void errorsAndUncheckedExceptionsAreThrownAsTheyAre() {
    Error error = new StackOverflowError();
    assertSame(error, assertThrows(Error.class, () -> Failures.rethrow(error)));
    RuntimeException exception = new IllegalStateException();
    assertSame(exception, assertThrows(RuntimeException.class, () -> Failures.rethrow(exception)));
  }

  @Test
  void aCheckedExceptionThatNobodyDeclaredIsTheCauseOfAnError() {
    Exception checked = new IOException();
    assertSame(
        checked, assertThrows(AssertionError.class, () -> Failures.rethrow(checked)).getCause());
  }
}
