package org.jallocator.bench.replay;

import java.io.PrintWriter;
import java.util.List;
import org.jallocator.bench.natives.PreloadedAllocator;
import org.jallocator.bench.run.ForkedWorker;
import org.jallocator.bench.trace.Trace;

/**
 * A process of its own in which one stack replays one trace: a JVM, or the C program.
 *
 * <p>Confined to its owner thread.
 *
 * @see ForkedWorker
 */
public final class ReplayFork implements AutoCloseable {

  private final ForkedWorker fork;
  private final int operations;

  private ReplayFork(
      ProcessBuilder builder, String stack, Trace trace, boolean touch, PrintWriter err) {
    operations = trace.operations();
    fork =
        new ForkedWorker(
            "replay",
            builder,
            out -> {
              out.writeUTF(stack);
              out.writeBoolean(touch);
              trace.writeTo(out);
            },
            err);
  }

  /**
   * Starts a JVM and hands it its work.
   *
   * @param expression the stack
   * @param trace what to replay
   * @param touch whether every page of every block is written to
   * @param err where anything else goes that the JVM prints
   */
  static ReplayFork inJava(String expression, Trace trace, boolean touch, PrintWriter err) {
    return new ReplayFork(ForkedWorker.jvm(ReplayWorker.class), expression, trace, touch, err);
  }

  /** Starts the C program on an allocator and hands it its work: a trace of one thread. */
  public static ReplayFork inC(
      PreloadedAllocator stack, Trace trace, boolean touch, PrintWriter err) {
    return new ReplayFork(process(stack), stack.name(), trace, touch, err);
  }

  /** {@return a process of the C program that serves what {@link ReplayWorker} does} */
  public static ProcessBuilder process(PreloadedAllocator stack) {
    return stack.process(
        List.of(
            "replay",
            String.valueOf(ReplayWorker.WARM_UP_ROUNDS),
            String.valueOf(ReplayWorker.WARM_UP_MILLIS)));
  }

  /** Replays until the loop is compiled, and makes sure that it is this trace that is replayed. */
  public void warmUp() {
    long replayed = fork.ask(out -> out.write(ReplayWorker.WARM_UP));
    if (replayed != operations) {
      throw new IllegalStateException(
          "another trace is replayed: calls=" + replayed + ", expected=" + operations);
    }
  }

  /** {@return the time that one replay took, in nanoseconds} */
  public long round() {
    return fork.ask(out -> out.write(ReplayWorker.ROUND));
  }

  /**
   * {@return the page faults of all replays so far; {@link PageFaults#UNKNOWN} if the system does
   * not tell}
   */
  public long pageFaults() {
    return fork.ask(out -> out.write(ReplayWorker.PAGE_FAULTS));
  }

  /** Ends the process. */
  @Override
  public void close() {
    fork.close();
  }
}
