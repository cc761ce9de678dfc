package org.jallocator.bench.console;

/**
 * The user gave something that cannot be used. The message is complete in itself and made for the
 * user: the bench prints it alone and ends with exit code 2.
 */
public final class BadInputException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public BadInputException(String message) {
    super(message);
  }

  public BadInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
