package org.jallocator.bench.threads;

import java.io.PrintWriter;
import java.util.List;
import org.jallocator.bench.natives.PreloadedAllocator;
import org.jallocator.bench.run.ForkedWorker;
import org.jspecify.annotations.Nullable;

/**
 * A process of its own, a JVM or the C program, in which one contender is put to one workload.
 *
 * <p>Confined to its owner thread.
 *
 * @see ForkedWorker
 */
public final class ThreadsFork implements AutoCloseable {

  private final ForkedWorker fork;

  private ThreadsFork(
      ProcessBuilder builder, String contender, ThreadWorkload workload, PrintWriter err) {
    fork =
        new ForkedWorker(
            workload.label() + " on " + contender,
            builder,
            out -> {
              out.writeUTF(contender);
              out.writeUTF(workload.name());
            },
            err);
  }

  /**
   * Starts a JVM and hands it its work.
   *
   * @param contender the name of a peer, or the expression of a stack
   * @param workload what its threads do
   * @param err where anything else goes that the JVM prints
   */
  static ThreadsFork inJava(String contender, ThreadWorkload workload, PrintWriter err) {
    return new ThreadsFork(ForkedWorker.jvm(ThreadsWorker.class), contender, workload, err);
  }

  /** Starts the C program on an allocator and gives it its work, which it has by name. */
  public static ThreadsFork inC(
      PreloadedAllocator stack, ThreadWorkload workload, PrintWriter err) {
    return new ThreadsFork(stack.process(List.of("threads")), stack.name(), workload, err);
  }

  /** {@return the quota that makes a round of some threads take some time} Warms up, too. */
  public int warmUp(int threads, int roundMillis) {
    return Math.toIntExact(ask(ThreadsWorker.WARM_UP, threads, roundMillis));
  }

  /** {@return the time that one round took, in nanoseconds} */
  public long round(int threads, int quota) {
    return ask(ThreadsWorker.ROUND, threads, quota);
  }

  /**
   * {@return the most bytes held from C at once in a round; null if it is not known} No round may
   * be timed after it.
   */
  public @Nullable Long peakReservedBytes(int threads, int quota) {
    long peak = ask(ThreadsWorker.PEAK, threads, quota);
    return peak == ThreadsWorker.UNKNOWN ? null : peak;
  }

  private long ask(int command, int threads, int number) {
    return fork.ask(
        out -> {
          out.write(command);
          out.writeInt(threads);
          out.writeInt(number);
        });
  }

  /** Ends the process. */
  @Override
  public void close() {
    fork.close();
  }
}
