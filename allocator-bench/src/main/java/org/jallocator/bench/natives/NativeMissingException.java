package org.jallocator.bench.natives;

/**
 * Something of the native rows is not to be had on this machine. The message says what, and the
 * rest of the table is measured without it.
 */
final class NativeMissingException extends Exception {

  private static final long serialVersionUID = 1L;

  NativeMissingException(String message) {
    super(message);
  }

  NativeMissingException(String message, Throwable cause) {
    super(message, cause);
  }
}
