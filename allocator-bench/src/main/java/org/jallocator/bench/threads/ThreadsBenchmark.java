package org.jallocator.bench.threads;

import java.util.concurrent.TimeUnit;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.contenders.DefaultStacks;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The workloads of the {@code threads} command for JMH, with its profilers.
 *
 * <p>One operation is one malloc and its free. An invocation is a whole round, mostly with threads
 * of its own, whose number is a parameter: JMH's {@code -t} stays 1. A score is the elapsed time by
 * the operations of all threads, and holds the start of the threads, which is little beside a
 * round.
 *
 * <p>What is unfair, and to whom: {@link #pair} writes to no block, which favours allocators that
 * keep their books elsewhere than in the block, ours and jemalloc. Netty's users get an object with
 * bounds and a reference count for each block, which an address has not; its leak detection is off.
 * rpmalloc and jemalloc are called through JNI, and so is {@code jna}; called from C they would not
 * pay for that.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class ThreadsBenchmark {

  /** Operations of a round on platform threads; each number of threads divides it. */
  private static final int ROUND = 1 << 20;

  private static final int VIRTUAL_THREADS = 1000;

  /** Operations of each virtual thread. */
  private static final int VIRTUAL_QUOTA = 1000;

  /** Made by JMH. */
  public ThreadsBenchmark() {}

  /**
   * Every thread mallocs 64 bytes and frees them at once.
   *
   * @param stack what is measured
   * @param threads how many threads there are
   */
  @Benchmark
  @OperationsPerInvocation(ROUND)
  public void pair(Stack stack, Threads threads) {
    ThreadWorkload.PAIR.run(stack.contender, threads.threads, ROUND / threads.threads);
  }

  /**
   * The same, on threads that live as long as the benchmark.
   *
   * @param stack what is measured
   * @param threads how many threads there are
   */
  @Benchmark
  @OperationsPerInvocation(ROUND)
  public void pairStanding(Stack stack, Threads threads) {
    ThreadWorkload.PAIR_STANDING.run(stack.contender, threads.threads, ROUND / threads.threads);
  }

  /**
   * Every thread mallocs 64 bytes twice and frees them, the second block first.
   *
   * @param stack what is measured
   * @param threads how many threads there are
   */
  @Benchmark
  @OperationsPerInvocation(ROUND)
  public void pairNested(Stack stack, Threads threads) {
    ThreadWorkload.PAIR_NESTED.run(stack.contender, threads.threads, ROUND / 2 / threads.threads);
  }

  /**
   * One thread mallocs 64 bytes at a time, another frees, in batches.
   *
   * @param stack what is measured
   */
  @Benchmark
  @OperationsPerInvocation(ROUND)
  public void producerConsumer(Stack stack) {
    ThreadWorkload.PRODUCER_CONSUMER.run(stack.contender, 2, ROUND / HandOver.BATCH);
  }

  /**
   * Every thread replaces blocks of 8 to 1000 bytes and hands every eighth to its neighbour.
   *
   * @param stack what is measured
   * @param threads how many threads there are
   */
  @Benchmark
  @OperationsPerInvocation(ROUND)
  public void mix(MixedStack stack, Threads threads) {
    ThreadWorkload.MIX.run(stack.contender, threads.threads, ROUND / threads.threads);
  }

  /**
   * The same, on threads that live as long as the benchmark.
   *
   * @param stack what is measured
   * @param threads how many threads there are
   */
  @Benchmark
  @OperationsPerInvocation(ROUND)
  public void mixStanding(MixedStack stack, Threads threads) {
    ThreadWorkload.MIX_STANDING.run(stack.contender, threads.threads, ROUND / threads.threads);
  }

  /**
   * Every thread replaces blocks of 8 to 1000 bytes, of which it has 10,000 all the time; filling
   * and emptying its cache is in the score.
   *
   * @param stack what is measured
   * @param threads how many threads there are
   */
  @Benchmark
  @OperationsPerInvocation(ROUND)
  public void cache(MixedStack stack, Threads threads) {
    ThreadWorkload.CACHE.run(stack.contender, threads.threads, ROUND / threads.threads);
  }

  /**
   * {@link #mix} on virtual threads, which takes JDK 21 or later.
   *
   * @param stack what is measured
   */
  @Benchmark
  @OperationsPerInvocation(VIRTUAL_THREADS * VIRTUAL_QUOTA)
  public void virtualMix(MixedStack stack) {
    ThreadWorkload.VIRTUAL_MIX.run(stack.contender, VIRTUAL_THREADS, VIRTUAL_QUOTA);
  }

  /** How many threads there are. */
  @State(Scope.Benchmark)
  public static class Threads {

    /** The number of threads: a power of two. */
    @Param({"1", "2", "4", "8"})
    public int threads;

    /** Made by JMH. */
    public Threads() {}
  }

  /** What every benchmark is given: an open contender. */
  @State(Scope.Benchmark)
  public abstract static class OpenContender {

    Contender contender;

    OpenContender() {}

    abstract String name();

    /** Opens the stack or the peer. */
    @Setup
    public void open() {
      contender = Contender.open(name());
    }

    /** Closes it, which finds what a benchmark forgot to free. */
    @TearDown
    public void close() {
      contender.close();
    }
  }

  /** A stack or a peer that serves 64 bytes. */
  public static class Stack extends OpenContender {

    /** The stack or the peer. */
    @Param({
      DefaultStacks.JNA,
      DefaultStacks.SHARED_FIXED,
      DefaultStacks.SHARED_CLASSES,
      Contender.RPMALLOC,
      Contender.JEMALLOC,
      Contender.NETTY_POOLED,
      Contender.NETTY_ADAPTIVE
    })
    public String stack;

    /** Made by JMH. */
    public Stack() {}

    @Override
    String name() {
      return stack;
    }
  }

  /** A stack or a peer that serves mixed sizes. */
  public static class MixedStack extends OpenContender {

    /** The stack or the peer. */
    @Param({
      DefaultStacks.JNA,
      DefaultStacks.SHARED_CLASSES,
      Contender.RPMALLOC,
      Contender.JEMALLOC,
      Contender.NETTY_POOLED,
      Contender.NETTY_ADAPTIVE
    })
    public String stack;

    /** Made by JMH. */
    public MixedStack() {}

    @Override
    String name() {
      return stack;
    }
  }
}
