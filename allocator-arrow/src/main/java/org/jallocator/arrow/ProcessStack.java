package org.jallocator.arrow;

import org.jallocator.AllocatorConfigException;
import org.jallocator.LeakException;
import org.jallocator.spi.Failures;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;

/**
 * The stack of all root allocators that were not given an allocator of their own. Opened at first
 * use; open until the process ends or the program closes it.
 */
final class ProcessStack {

  static final String NAME = "arrow";
  static final String DEFAULT = "@general";

  /** The system property that asks for a leak check when the process ends. */
  static final String LEAK_CHECK = "allocator.arrow.leakcheck";

  private static @Nullable AllocatorStack stack;
  private static @Nullable StackFactory factory;

  private ProcessStack() {}

  /** {@return the stack; the first call that succeeds opens it, and none opens it again} */
  static synchronized AllocatorStack get() {
    AllocatorStack present = stack;
    if (present == null) {
      present = open();
      stack = present;
    }
    return present;
  }

  static synchronized StackFactory factory() {
    StackFactory present = factory;
    if (present == null) {
      present = new StackFactory(get().allocator());
      factory = present;
    }
    return present;
  }

  private static AllocatorStack open() {
    AllocatorStack opened = AllocatorStack.namedOr(NAME, DEFAULT);
    try {
      if (!opened.allocator().isShared()) {
        throw new AllocatorConfigException(
            AllocatorArrow.confined("allocator.stack." + NAME + "=" + opened));
      }
      if (Boolean.getBoolean(LEAK_CHECK)) {
        checkAtTheEnd(opened);
      }
      return opened;
    } catch (RuntimeException | Error e) {
      closeAfter(e, opened);
      throw e;
    }
  }

  private static void closeAfter(Throwable thrown, AllocatorStack opened) {
    try {
      opened.close();
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e);
    }
  }

  /** If the process ends already, the stack is used without a check: it is no fault of Arrow's. */
  private static void checkAtTheEnd(AllocatorStack opened) {
    try {
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> check(opened), "allocator-arrow-leaks"));
    } catch (IllegalStateException ending) {
      System.err.println(
          "allocator-arrow: no leak check: the process ends already: stack=" + opened);
    }
  }

  /** Closes the stack at the end of the process. Prints to System.err: loggers may be closed. */
  private static void check(AllocatorStack closing) {
    try {
      closing.close();
      System.err.println("allocator-arrow: no leak: stack=" + closing);
    } catch (LeakException e) {
      System.err.println("allocator-arrow: leak: stack=" + closing + "\n" + e.getMessage());
    }
  }
}
