package org.jallocator.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What threads do to an allocator. An operation is one malloc and its free, whichever thread makes
 * either.
 */
enum ThreadWorkload {

  /** Every thread mallocs 64 bytes and frees them at once. */
  PAIR("pair", 64) {
    @Override
    List<Integer> threadCounts() {
      return List.of(1, 2, 4, 8);
    }

    @Override
    int leastQuota() {
      return 10_000;
    }

    @Override
    long run(Contender contender, int threads, int quota) {
      List<Crew.Work> lines = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        lines.add(new PairWork(contender.blocks().apply(0), quota));
      }
      return Crew.run(contender.threads(), lines);
    }
  },

  /** Half of the threads malloc and the other half free. */
  PRODUCER_CONSUMER("producer-consumer", HandOver.SIZE) {
    @Override
    List<Integer> threadCounts() {
      return List.of(2);
    }

    @Override
    int leastQuota() {
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
  MIX("mix", Mix.LARGEST_SIZE) {
    @Override
    List<Integer> threadCounts() {
      return List.of(2, 8);
    }

    @Override
    int leastQuota() {
      return 10_000;
    }

    @Override
    long run(Contender contender, int threads, int quota) {
      return new Mix(contender, threads, quota, PLATFORM_LIFE, false).run(contender.threads());
    }
  },

  /** The same on virtual threads. */
  VIRTUAL_MIX("virtual-mix", Mix.LARGEST_SIZE) {
    @Override
    List<Integer> threadCounts() {
      return List.of(1000);
    }

    @Override
    int leastQuota() {
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
  abstract List<Integer> threadCounts();

  /** {@return whether the C program knows it} */
  boolean inC() {
    return this == PAIR || this == PRODUCER_CONSUMER;
  }

  /** {@return whether this JVM has the threads for it} */
  boolean available() {
    return this != VIRTUAL_MIX || VirtualThreads.available();
  }

  /** {@return those that this JVM has the threads for} */
  static List<ThreadWorkload> ofThisJvm() {
    return Arrays.stream(values()).filter(ThreadWorkload::available).toList();
  }

  /** {@return the smallest amount of work that makes a round, for each thread} */
  abstract int leastQuota();

  /** {@return the operations of a round} */
  long operations(int threads, int quota) {
    return (long) threads * quota;
  }

  /**
   * Runs one round, with new threads.
   *
   * @param contender what to call
   * @param threads how many threads there are at any time
   * @param quota how much each thread does
   * @return the time that it took, in nanoseconds
   */
  abstract long run(Contender contender, int threads, int quota);
}
