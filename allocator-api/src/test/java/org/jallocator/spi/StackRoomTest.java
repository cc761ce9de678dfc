package org.jallocator.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each check where a stack ends, in the interpreter and compiled. */
final class StackRoomTest {

  private static final long STACK_BYTES = 512 << 10;
  private static final int FRAMES = 20;
  private static final int FRAMES_BETWEEN = 8;
  private static final int ROUNDS = 3;
  private static final int PASSES = 40;
  private static final int WARM_UPS = 20_000;

  /** Each check, and what has room after it, some frames further down. */
  static Stream<Arguments> checks() {
    Runnable frames = () -> down(FRAMES, () -> {});
    return Stream.of(
        checks("require", StackRoom::require, frames),
        checks("requireForInner", StackRoom::requireForInner, StackRoom::require),
        checks("requireForStack", StackRoom::requireForStack, StackRoom::requireForInner),
        checks("requireAboveStack", StackRoom::requireAboveStack, StackRoom::requireForStack),
        checks("requireToClose", StackRoom::requireToClose, StackRoom::requireAboveStack));
  }

  private static Arguments checks(String name, Runnable check, Runnable promised) {
    return Arguments.of(name, check, promised);
  }

  private boolean ended;
  private int passed;
  private int overflows;
  private int broken;
  private int refusals;

  private static void onAShortStack(Runnable work) throws Exception {
    FutureTask<Void> task = new FutureTask<>(work, null);
    new Thread(null, task, "short stack", STACK_BYTES).start();
    try {
      task.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }

  /** Goes down to the end of the stack, and runs something in each frame on the way up. */
  @SuppressWarnings("InfiniteRecursion") // until the stack ends
  private void deepen(Runnable call) {
    try {
      deepen(call);
    } catch (StackOverflowError e) {
      // The call is made below.
    }
    if (!ended) {
      call.run();
    }
  }

  /** Runs something some frames further down. */
  private static long down(int frames, Runnable work) {
    if (frames > 0) {
      return down(frames - 1, work) + 1;
    }
    work.run();
    return 0;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("checks")
  void whatACheckFoundIsThere(String name, Runnable check, Runnable promised) throws Exception {
    for (int i = 0; i < WARM_UPS; i++) {
      check.run();
      promised.run(); // links it, too: at the end of a stack that takes more room
    }
    Runnable checkAndUse =
        () -> {
          try {
            check.run();
          } catch (StackOverflowError e) {
            overflows++;
            return;
          }
          passed++;
          ended = passed >= PASSES;
          try {
            long unused = down(FRAMES_BETWEEN, promised);
          } catch (StackOverflowError e) {
            broken++;
          }
        };
    for (int round = 0; round < ROUNDS; round++) {
      ended = false;
      passed = 0;
      onAShortStack(() -> deepen(checkAndUse));
      assertTrue(ended);
      assertEquals(0, broken);
    }
    assertTrue(overflows > ROUNDS, name + ": overflows=" + overflows);
  }

  private boolean asks() {
    return StackRoom.hasAboveStack();
  }

  /** Were the check made at the entry of the method that asks, that one would overflow. */
  @Test
  void whereThereIsNoRoomTheAnswerIsNo() throws Exception {
    for (int i = 0; i < WARM_UPS; i++) {
      assertTrue(asks());
    }
    Runnable ask =
        () -> {
          try {
            ended = asks();
            refusals += ended ? 0 : 1;
          } catch (StackOverflowError e) {
            overflows++;
          }
        };
    for (int round = 0; round < ROUNDS; round++) {
      ended = false;
      onAShortStack(() -> deepen(ask));
      assertTrue(ended);
    }
    assertTrue(refusals > 20 * overflows, "refusals=" + refusals + ", overflows=" + overflows);
  }
}
