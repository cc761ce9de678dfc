package org.jallocator.bench.threads;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.run.Crew;

/**
 * What threads do to an allocator. An operation is one malloc and its free, whichever thread makes
 * either.
 *
 * <p>The threads of a round are new ones, as those of a program that starts a thread a task; in the
 * workloads called standing they are the same in every round, as those of a pool.
 */
public enum ThreadWorkload {

  /** Every thread mallocs 64 bytes and frees them at once. */
  PAIR("pair", PairWork.SIZE) {
    @Override
    long run(Contender contender, int threads, int quota) {
      return Crew.run(contender.threads(), PairWork.lines(contender, threads, quota));
    }
  },

  /** The same, on threads that live through all rounds. */
  PAIR_STANDING("pair-standing", PairWork.SIZE) {
    @Override
    long run(Contender contender, int threads, int quota) {
      return Crew.runOn(
          contender.standing().crew(threads), PairWork.lines(contender, threads, quota));
    }
  },

  /** Every thread mallocs 64 bytes twice and frees them, the second block first. */
  PAIR_NESTED("pair-nested", PairWork.SIZE) {
    @Override
    List<Integer> threadCounts() {
      return List.of(1, 2, 8);
    }

    @Override
    public int leastQuota() {
      return 5_000;
    }

    @Override
    long operations(int threads, int quota) {
      return 2L * threads * quota;
    }

    @Override
    long run(Contender contender, int threads, int quota) {
      return Crew.runOn(
          contender.standing().crew(threads), PairWork.nestedLines(contender, threads, quota));
    }
  },

  /** Half of the threads malloc and the other half free. */
  PRODUCER_CONSUMER("producer-consumer", HandOver.SIZE) {
    @Override
    List<Integer> threadCounts() {
      return List.of(2);
    }

    @Override
    public int leastQuota() {
      return 16;
    }

    @Override
    long operations(int threads, int quota) {
      return (long) threads / 2 * quota * HandOver.BATCH;
    }

    @Override
    long run(Contender contender, int threads, int quota) {
      List<Crew.Work> lines = new ArrayList<>();
      for (int i = 0; i < threads / 2; i++) {
        HandOver handOver = new HandOver(contender, quota);
        lines.add(handOver.producer());
        lines.add(handOver.consumer());
      }
      return Crew.run(contender.threads(), lines);
    }
  },

  /** Every thread replaces blocks of many sizes, and hands some to its neighbour. */
  MIX("mix", MixedSizes.LARGEST) {
    @Override
    List<Integer> threadCounts() {
      return List.of(2, 8);
    }

    @Override
    long run(Contender contender, int threads, int quota) {
      return new Mix(contender, threads, quota, PLATFORM_LIFE, false).run(contender.threads());
    }
  },

  /** The same on threads that live through all rounds; none is replaced. */
  MIX_STANDING("mix-standing", MixedSizes.LARGEST) {
    @Override
    List<Integer> threadCounts() {
      return List.of(1, 2, 8);
    }

    @Override
    long run(Contender contender, int threads, int quota) {
      return new Mix(contender, threads, quota, Integer.MAX_VALUE, false)
          .runOn(contender.standing().crew(threads));
    }
  },

  /** Every thread has a full cache and replaces its blocks, of many sizes. */
  CACHE("cache", MixedSizes.LARGEST) {
    @Override
    List<Integer> threadCounts() {
      return List.of(1, 2);
    }

    @Override
    long run(Contender contender, int threads, int quota) {
      return new Cache(contender, threads, quota).runOn(contender.standing().crew(threads));
    }
  },

  /** The same as {@link #MIX} on virtual threads. */
  VIRTUAL_MIX("virtual-mix", MixedSizes.LARGEST) {
    @Override
    List<Integer> threadCounts() {
      return List.of(1000);
    }

    @Override
    public int leastQuota() {
      return 1_000;
    }

    @Override
    long run(Contender contender, int threads, int quota) {
      return new Mix(contender, threads, quota, VIRTUAL_LIFE, true).run(VirtualThreads.factory());
    }
  };

  /** Operations after which a platform thread is replaced by a new one: some milliseconds. */
  private static final int PLATFORM_LIFE = 50_000;

  /** Operations after which a virtual thread is. */
  private static final int VIRTUAL_LIFE = 500;

  private final String label;
  private final int largestSize;

  ThreadWorkload(String label, int largestSize) {
    this.label = label;
    this.largestSize = largestSize;
  }

  /** {@return what tables and JSON call it} */
  String label() {
    return label;
  }

  /** {@return the largest size that it asks for, in bytes} */
  int largestSize() {
    return largestSize;
  }

  /** {@return the numbers of threads that it is measured with} */
  List<Integer> threadCounts() {
    return List.of(1, 2, 4, 8);
  }

  /** {@return whether the C program has it} */
  public boolean inC() {
    return this == PAIR || this == PAIR_NESTED || this == PRODUCER_CONSUMER;
  }

  /** {@return whether this JVM has the threads for it} */
  boolean available() {
    return this != VIRTUAL_MIX || VirtualThreads.available();
  }

  /** {@return those that this JVM has the threads for} */
  static List<ThreadWorkload> ofThisJvm() {
    return Arrays.stream(values()).filter(ThreadWorkload::available).toList();
  }

  /**
   * {@return the workload with a label}
   *
   * @throws BadInputException if there is none, or this JVM does not have the threads for it
   */
  static ThreadWorkload of(String label) {
    for (ThreadWorkload workload : ofThisJvm()) {
      if (workload.label.equals(label)) {
        return workload;
      }
    }
    throw new BadInputException(
        "no such workload: %s (on this JDK: %s)"
            .formatted(
                label,
                ofThisJvm().stream().map(ThreadWorkload::label).collect(Collectors.joining(", "))));
  }

  /** {@return the smallest amount of work that makes a round, for each thread} */
  public int leastQuota() {
    return 10_000;
  }

  /** {@return the operations of a round} */
  long operations(int threads, int quota) {
    return (long) threads * quota;
  }

  /**
   * Runs one round.
   *
   * @param contender what to call
   * @param threads how many threads there are at any time
   * @param quota how much each thread does
   * @return the time that it took, in nanoseconds
   */
  abstract long run(Contender contender, int threads, int quota);
}
