package org.jallocator.stack;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Makes a call at the end of a thread's stack, and again with one frame less on it, as long as it
 * overflows the stack.
 */
final class AtMyStacksEnd {

  private static final long STACK_BYTES = 256 << 10;

  private final Runnable call;
  private boolean done;
  private int overflows;

  AtMyStacksEnd(Runnable call) {
    this.call = call;
  }

  /**
   * {@return how often the call overflowed the stack before it came to an end}
   *
   * @param padding how many frames of another size are below; shifts where the stack ends
   */
  int run(int padding) throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread thread = new Thread(null, () -> pad(padding, 1, 2, 3), "deep", STACK_BYTES);
    thread.setUncaughtExceptionHandler((at, e) -> thrown.set(e));
    thread.start();
    thread.join();
    if (thrown.get() != null) {
      throw new AssertionError(thrown.get());
    }
    return overflows;
  }

  private long pad(int frames, long a, long b, long c) {
    if (frames == 0) {
      down();
      return a;
    }
    return pad(frames - 1, b, c, a) + b;
  }

  @SuppressWarnings("InfiniteRecursion") // to the end of the stack
  private void down() {
    try {
      down();
    } catch (StackOverflowError e) {
      // The call is made below.
    }
    if (!done) {
      try {
        call.run();
        done = true;
      } catch (StackOverflowError e) {
        overflows++;
      }
    }
  }
}
