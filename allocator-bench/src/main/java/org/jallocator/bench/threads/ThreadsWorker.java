package org.jallocator.bench.threads;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.counting.CountingAllocator;
import org.jallocator.bench.counting.CountingLoader;
import org.jallocator.bench.run.ForkedWorker;
import org.jallocator.stack.AllocatorStack;

/**
 * The other end of a {@link ThreadsFork}: runs one workload on one contender in a JVM of its own.
 *
 * <p>It reads both names from stdin, then one byte a command with two numbers, and answers each
 * with one line on stdout. The contender stays open, as a server's does, so that what earlier
 * threads left behind is there for later ones.
 */
final class ThreadsWorker {

  /**
   * Asks, for some threads and milliseconds of a round, for rounds until all is compiled; answered
   * by the quota that makes a round take that long.
   */
  static final int WARM_UP = 'w';

  /** Asks, for some threads and a quota, for one round; answered by its time in nanoseconds. */
  static final int ROUND = 'r';

  /**
   * Asks, for some threads and a quota, for the most bytes that the stack held from C at once;
   * answered by {@link #UNKNOWN} if it does not stand on {@code jna}. Spoils the JVM for timing.
   */
  static final int PEAK = 'p';

  /** No number of bytes. */
  static final long UNKNOWN = -1;

  /** At least so many rounds, and the time of twice as many timed ones, are enough to warm up. */
  private static final int WARM_UP_ROUNDS = 3;

  private static final int LARGEST_QUOTA = 1 << 28;

  private final String name;
  private final ThreadWorkload workload;
  private final Contender contender;

  private ThreadsWorker(String name, ThreadWorkload workload) {
    this.name = name;
    this.workload = workload;
    contender = Contender.open(name);
  }

  /** Serves one bench. */
  public static void main(String[] args) throws IOException {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
    try {
      ThreadsWorker worker = new ThreadsWorker(in.readUTF(), ThreadWorkload.valueOf(in.readUTF()));
      for (int command = in.read(); command >= 0; command = in.read()) {
        ForkedWorker.answer(worker.serve(command, in.readInt(), in.readInt()));
      }
    } catch (RuntimeException | Error e) {
      ForkedWorker.fail(e);
    }
  }

  private long serve(int command, int threads, int number) {
    return switch (command) {
      case WARM_UP -> warmUp(threads, TimeUnit.MILLISECONDS.toNanos(number));
      case ROUND -> workload.run(contender, threads, number);
      case PEAK -> peakReservedBytes(threads, number);
      default -> throw new IllegalArgumentException("no such command: command=" + command);
    };
  }

  /** Grows the quota until a round takes its time, and goes on until the compiler had its. */
  private int warmUp(int threads, long roundNanos) {
    long start = System.nanoTime();
    int quota = workload.leastQuota();
    long warmUpNanos = 2 * WARM_UP_ROUNDS * roundNanos;
    for (int i = 0; i < WARM_UP_ROUNDS || System.nanoTime() - start < warmUpNanos; i++) {
      long nanos = workload.run(contender, threads, quota);
      double factor = Math.min(4, (double) roundNanos / nanos);
      quota = (int) Math.min(LARGEST_QUOTA, Math.max(workload.leastQuota(), quota * factor));
    }
    return quota;
  }

  private long peakReservedBytes(int threads, int quota) {
    if (Contender.PEERS.contains(name)) {
      return UNKNOWN;
    }
    AllocatorStack stack = AllocatorStack.open(name, new CountingLoader());
    try (Contender counted = Contender.of(stack)) {
      workload.run(counted, threads, quota);
      return stack
          .find(CountingAllocator.class)
          .map(leaf -> leaf.ledger().peakLiveBytes())
          .orElse(UNKNOWN);
    }
  }
}
