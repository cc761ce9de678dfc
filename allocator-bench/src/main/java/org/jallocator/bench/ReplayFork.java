package org.jallocator.bench;

import java.io.PrintWriter;

/**
 * A JVM of its own in which one stack replays one trace.
 *
 * <p>Confined to its owner thread.
 *
 * @see ForkedJvm
 */
final class ReplayFork implements AutoCloseable {

  private final ForkedJvm fork;

  /**
   * Starts the JVM and hands it its work.
   *
   * @param expression the stack
   * @param trace what to replay
   * @param err where anything else goes that the JVM prints
   */
  ReplayFork(String expression, Trace trace, PrintWriter err) {
    fork =
        new ForkedJvm(
            "replay",
            ReplayWorker.class,
            out -> {
              out.writeUTF(expression);
              trace.writeTo(out);
            },
            err);
  }

  /** Replays until the loop is compiled. */
  void warmUp() {
    fork.ask(out -> out.write(ReplayWorker.WARM_UP));
  }

  /** {@return the time that one replay took, in nanoseconds} */
  long round() {
    return fork.ask(out -> out.write(ReplayWorker.ROUND));
  }

  /** Ends the JVM. */
  @Override
  public void close() {
    fork.close();
  }
}
