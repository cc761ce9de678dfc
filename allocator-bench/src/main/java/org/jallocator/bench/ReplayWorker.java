package org.jallocator.bench;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jallocator.stack.AllocatorStack;

/**
 * The other end of a {@link ReplayFork}: replays one trace on one stack in a JVM of its own.
 *
 * <p>It reads the stack and the trace from stdin, then one byte a command, and answers each with
 * one line on stdout. The C program of {@link NativeProgram} does the same.
 */
final class ReplayWorker {

  /** Asks for replays until the loop is compiled; answered by the calls of one replay. */
  static final int WARM_UP = 'w';

  /** Asks for one replay; answered by its time in nanoseconds. */
  static final int ROUND = 'r';

  static final int WARM_UP_ROUNDS = 20;
  static final long WARM_UP_MILLIS = 1000;

  private final String expression;
  private final Trace trace;
  private final Replay replay;

  private ReplayWorker(String expression, Trace trace) {
    this.expression = expression;
    this.trace = trace;
    replay = Replay.of(trace);
  }

  /** Serves one bench. */
  public static void main(String[] args) throws IOException {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
    ReplayWorker worker = new ReplayWorker(in.readUTF(), Trace.readFrom(in));
    for (int command = in.read(); command >= 0; command = in.read()) {
      try {
        ForkedWorker.answer(command == ROUND ? worker.round() : worker.warmUp());
      } catch (RuntimeException | Error e) {
        ForkedWorker.fail(e);
        return;
      }
    }
  }

  private long warmUp() {
    long nanos = TimeUnit.MILLISECONDS.toNanos(WARM_UP_MILLIS);
    long start = System.nanoTime();
    for (int i = 0; i < WARM_UP_ROUNDS || System.nanoTime() - start < nanos; i++) {
      round();
    }
    return trace.operations();
  }

  /** Every round has a new stack, as every run of a program has; making it is not timed. */
  private long round() {
    try (AllocatorStack stack = AllocatorStack.open(expression)) {
      return replay.run(stack.allocator());
    }
  }
}
