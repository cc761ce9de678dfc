package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Makes a call where a thread's stack ends, and again in frames above that one, until it does not
 * overflow any more.
 *
 * <p>Confined to its owner thread, whose stack should be small: see {@link #onAShortStack}.
 */
public final class EndOfStack {

  private static final long STACK_BYTES = 256 << 10;
  private static final long MAX_SECONDS = 300; // the compiler may take a minute
  private static final int CALLS_OF_EACH = 5000;

  private final Runnable call;
  private final int every;
  private int overflows;
  private int frame;
  private boolean done;

  static {
    Object unused = new Throwable().getStackTrace(); // initializes the JDK's classes for it now
    callsOfThreeClasses();
  }

  /**
   * Makes a call in each frame from the end of the stack on.
   *
   * @param call may overflow, but not fail in any other way
   */
  public EndOfStack(Runnable call) {
    this(call, 1);
  }

  /**
   * Makes a call in some frames from the end of the stack on.
   *
   * @param call may overflow, but not fail in any other way
   * @param every 1 for each frame, 2 for every second one, and so on
   */
  public EndOfStack(Runnable call, int every) {
    this.call = call;
    this.every = every;
  }

  /**
   * Runs something on a thread with a small stack, and waits for its end.
   *
   * @param work what is to run
   * @throws AssertionError if the work fails; or if it takes longer than five minutes, with the
   *     stack on which it is then
   */
  public static void onAShortStack(Runnable work) {
    FutureTask<Void> task = new FutureTask<>(work, null);
    Thread thread = new Thread(null, task, "short stack", STACK_BYTES);
    thread.setDaemon(true); // a call that waits for ever fails the test
    thread.start();
    try {
      task.get(MAX_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } catch (TimeoutException e) {
      AssertionError late = new AssertionError("has not ended: " + thread.getState(), e);
      late.setStackTrace(thread.getStackTrace());
      throw late;
    }
  }

  /**
   * Goes down to the end of the stack, and calls on the way up, once with success.
   *
   * @param padding so many frames of another length are below: shifts where in the call the stack
   *     ends
   * @throws AssertionError if each call overflowed
   */
  public void climb(int padding) {
    done = false;
    pad(padding, 1);
    assertTrue(done, "each call overflowed");
  }

  /** {@return how many calls have overflowed} */
  public int overflows() {
    return overflows;
  }

  private long pad(int padding, long any) {
    if (padding > 0) {
      return pad(padding - 1, 3 * any) + any;
    }
    deepen();
    return any;
  }

  @SuppressWarnings("InfiniteRecursion") // until the stack ends
  private void deepen() {
    try {
      deepen();
    } catch (StackOverflowError e) {
      // The call is made below.
    }
    if (!done && frame++ % every == 0) {
      try {
        call(call);
        done = true;
      } catch (StackOverflowError e) {
        overflows++;
      }
    }
  }

  /**
   * The compiler does not inline the call, having seen calls of many classes here. If it did, the
   * frames of this class would be checked for the room that the call needs, and none would be so
   * near to the end that the call overflows.
   */
  private static void call(Runnable call) {
    call.run();
  }

  private static void callsOfThreeClasses() {
    int[] calls = new int[1];
    Runnable one = () -> calls[0]++;
    Runnable two = () -> calls[0] += 2;
    Runnable three = () -> calls[0] += 3;
    for (int i = 0; i < CALLS_OF_EACH; i++) {
      call(one);
      call(two);
      call(three);
    }
  }
}
