package org.jallocator.bench.replay;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jallocator.Allocator;
import org.jallocator.bench.natives.NativeProgram;
import org.jallocator.bench.run.ForkedWorker;
import org.jallocator.bench.trace.Trace;
import org.jallocator.stack.AllocatorStack;

/**
 * The other end of a {@link ReplayFork}: replays one trace on one stack in a JVM of its own.
 *
 * <p>One stack serves all rounds. It is warm after the first, as C's heap is, which the rounds of
 * the other rows have below them.
 *
 * <p>It reads the stack and the trace from stdin, then one byte a command, and answers each with
 * one line on stdout. The C program of {@link NativeProgram} does the same.
 */
final class ReplayWorker {

  /** Asks for replays until the loop is compiled; answered by the calls of one replay. */
  static final int WARM_UP = 'w';

  /** Asks for one replay; answered by its time in nanoseconds. */
  static final int ROUND = 'r';

  /** Asks for the page faults of all replays so far; answered by their number. */
  static final int PAGE_FAULTS = 'f';

  static final int WARM_UP_ROUNDS = 20;
  static final long WARM_UP_MILLIS = 1000;

  private final Trace trace;
  private final Replay replay;
  private final Allocator allocator;

  private ReplayWorker(Trace trace, boolean touch, Allocator allocator) {
    this.trace = trace;
    this.allocator = allocator;
    replay = touch ? new TouchingReplay(trace) : Replay.of(trace);
  }

  /** Serves one bench. */
  public static void main(String[] args) throws IOException {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
    String expression = in.readUTF();
    boolean touch = in.readBoolean();
    Trace trace = Trace.readFrom(in);
    try (AllocatorStack stack = AllocatorStack.open(expression)) {
      new ReplayWorker(trace, touch, stack.allocator()).serve(in);
    } catch (RuntimeException | Error e) {
      ForkedWorker.fail(e);
    }
  }

  private void serve(DataInputStream in) throws IOException {
    for (int command = in.read(); command >= 0; command = in.read()) {
      ForkedWorker.answer(
          switch (command) {
            case WARM_UP -> warmUp();
            case ROUND -> round();
            case PAGE_FAULTS -> PageFaults.ofThisThread();
            default -> throw new IllegalArgumentException("no such command: command=" + command);
          });
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

  private long round() {
    return replay.run(allocator);
  }
}
