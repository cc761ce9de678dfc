package org.jallocator.stack;

/**
 * Receives the stacks that open and close; see {@link AllocatorStack#addListener}. What a method
 * throws is logged and goes no further.
 */
public interface StackListener {

  /**
   * Reports a stack that was opened, on the thread that opened it. The default does nothing.
   *
   * @param stack the stack; to hold it strongly keeps it from becoming garbage
   */
  default void opened(AllocatorStack stack) {}

  /**
   * Reports a stack all of whose layers are closed, on the thread that closed it. The default does
   * nothing.
   *
   * @param stack the stack
   */
  default void closed(AllocatorStack stack) {}
}
