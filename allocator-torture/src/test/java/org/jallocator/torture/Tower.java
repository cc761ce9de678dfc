package org.jallocator.torture;

import org.jallocator.Allocator;
import org.jallocator.LeakException;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.testkit.RecordingAllocator;

/** An open stack under torture, and the ledger of its leaves. */
final class Tower {

  private final AllocatorStack stack;
  private final RecordingAllocator ledger;

  private Tower(AllocatorStack stack, RecordingAllocator ledger) {
    this.stack = stack;
    this.ledger = ledger;
  }

  /** {@return a stack of an expression whose leaves are {@code recorded}} */
  static Tower open(String expression, RecordingAllocator ledger) {
    RecordedProvider.use(ledger);
    return new Tower(AllocatorStack.open(expression), ledger);
  }

  /** {@return such a stack, over invented memory of the default kind} */
  static Tower open(String expression) {
    return open(expression, Stacks.inner(0));
  }

  Allocator allocator() {
    return stack.allocator();
  }

  RecordingAllocator ledger() {
    return ledger;
  }

  /** Closes the stack, in which nothing may be live; everything must have been returned. */
  void close() {
    stack.close();
    ledger.assertEverythingReturned();
  }

  /** Closes the stack, although some blocks may be live; everything must have been returned. */
  void closeAndRelease(long mostLeaked) {
    try {
      stack.closeAndRelease();
    } catch (LeakException e) {
      if (e.liveBlocks() > mostLeaked) {
        throw new AssertionError("leaks more than in doubt: limit=" + mostLeaked, e);
      }
    }
    ledger.assertEverythingReturned();
  }

  /** Closes the stack, whatever it says. */
  void abandon() {
    try {
      stack.closeAndRelease();
    } catch (RuntimeException | Error e) {
      return; // a test has failed already, or was meant to
    }
  }

  @Override
  public String toString() {
    return stack.toString();
  }
}
