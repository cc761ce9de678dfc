package org.jallocator.bench;

import java.io.PrintWriter;

/**
 * A process of its own in which one stack replays one trace: a JVM, or the C program.
 *
 * <p>Confined to its owner thread.
 *
 * @see ForkedWorker
 */
final class ReplayFork implements AutoCloseable {

  private final ForkedWorker fork;
  private final int operations;

  private ReplayFork(ProcessBuilder builder, String stack, Trace trace, PrintWriter err) {
    operations = trace.operations();
    fork =
        new ForkedWorker(
            "replay",
            builder,
            out -> {
              out.writeUTF(stack);
              trace.writeTo(out);
            },
            err);
  }

  /**
   * Starts a JVM and hands it its work.
   *
   * @param expression the stack
   * @param trace what to replay
   * @param err where anything else goes that the JVM prints
   */
  static ReplayFork inJava(String expression, Trace trace, PrintWriter err) {
    return new ReplayFork(ForkedWorker.jvm(ReplayWorker.class), expression, trace, err);
  }

  /** Starts the C program on an allocator and hands it its work: a trace of one thread. */
  static ReplayFork inC(NativeStack stack, Trace trace, PrintWriter err) {
    return new ReplayFork(stack.replayProcess(), stack.name(), trace, err);
  }

  /** Replays until the loop is compiled, and makes sure that it is this trace that is replayed. */
  void warmUp() {
    long replayed = fork.ask(out -> out.write(ReplayWorker.WARM_UP));
    if (replayed != operations) {
      throw new IllegalStateException(
          "another trace is replayed: calls=" + replayed + ", expected=" + operations);
    }
  }

  /** {@return the time that one replay took, in nanoseconds} */
  long round() {
    return fork.ask(out -> out.write(ReplayWorker.ROUND));
  }

  /** Ends the process. */
  @Override
  public void close() {
    fork.close();
  }
}
