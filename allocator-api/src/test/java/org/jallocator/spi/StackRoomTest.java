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
  private static final int FRAME_BYTES = 128; // of the interpreter, at the most, for use()
  private static final int ROUNDS = 3;
  private static final int PASSES = 40;
  private static final int WARM_UPS = 20_000;

  static Stream<Arguments> checks() {
    return Stream.of(
        Arguments.of("require", (Runnable) StackRoom::require, 4 << 10),
        Arguments.of("requireForInner", (Runnable) StackRoom::requireForInner, 8 << 10),
        Arguments.of("requireForStack", (Runnable) StackRoom::requireForStack, 16 << 10),
        Arguments.of("requireAboveStack", (Runnable) StackRoom::requireAboveStack, 20 << 10),
        Arguments.of("requireToClose", (Runnable) StackRoom::requireToClose, 24 << 10));
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

  private static long use(int frames) {
    return frames == 0 ? 0 : use(frames - 1) + 1;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("checks")
  void whatACheckFoundIsThere(String name, Runnable check, int bytes) throws Exception {
    for (int i = 0; i < WARM_UPS; i++) {
      check.run();
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
            long unused = use(bytes / FRAME_BYTES);
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
