package org.jallocator;

/**
 * A wrong configuration: nothing was built. The message names the source, the column, what was
 * expected and what is nearest, with a caret under the spot.
 */
public final class AllocatorConfigException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception with a message that is complete in itself.
   *
   * @param message the whole message
   */
  public AllocatorConfigException(String message) {
    super(message);
  }

  /**
   * Makes an exception with a message that is complete in itself, and what led to it.
   *
   * @param message the whole message
   * @param cause what led to it
   */
  public AllocatorConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
