package org.jallocator.bench.threads;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.natives.NativeOption;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.report.CommonOptions;
import org.jallocator.bench.report.Report;
import org.jallocator.stack.AllocatorStack;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Puts shared stacks and the peers to the workloads of several threads. */
@Command(
    name = ThreadsCommand.NAME,
    mixinStandardHelpOptions = true,
    description = "Measures shared stacks and other allocators under several threads.",
    footer = {
      "",
      "pair: every thread mallocs 64 bytes and frees them at once. pair-standing: the same on"
          + " threads that live through all rounds; the others' are new in every round."
          + " pair-nested: on standing threads, malloc a, malloc b, free b, free a."
          + " producer-consumer: one thread mallocs 64 bytes at a time, another frees, in batches of 4096. mix: every thread puts"
          + " blocks of 8 to 1000 bytes into 1000 slots at random, frees what was there, hands every"
          + " eighth of those to its neighbour to free, and is replaced by a new thread every 50,000"
          + " operations. mix-standing: the same on threads that live through all rounds."
          + " cache: on standing threads, each replaces blocks of 8 to 1000 bytes at random, of"
          + " which it has 10,000 all the time."
          + " virtual-mix: as mix, on 1000 virtual threads, each replaced every 500"
          + " operations; from JDK 21 on.",
      "",
      "Each stack runs each workload in a JVM of its own, which warms up first. The rounds of the"
          + " stacks take turns, and the median counts. Takes about twelve minutes, with --quick"
          + " two.",
      "",
      "With --native, pair, pair-nested and producer-consumer are measured in C too.",
      "",
      "The peers are LWJGL's bindings of rpmalloc and jemalloc, called by address, and Netty's"
          + " pooled and adaptive allocators, whose users get a ByteBuf for each block and pay for"
          + " it here.",
      "",
      "JSON: an array of objects with the keys workload, stack, threads, nanosPerOperation,"
          + " nanosLow, nanosHigh, operationsPerSecond, peakReservedBytes. nanosPerOperation is the elapsed time of all"
          + " processors that the threads can use, by operation, and half of the rounds lie between nanosLow and"
          + " nanosHigh; peakReservedBytes is null where it"
          + " is not known, as for the peers."
          + CommonOptions.JSON_KEYS
    })
public final class ThreadsCommand
    implements Callable<Integer>, CommonOptions.Measuring<RuntimeException> {

  public static final String NAME = "threads";

  @Option(
      names = "--stack",
      paramLabel = "EXPR",
      description =
          "A shared stack to measure; may be given again. jna and the peers are always measured."
              + " Default: our shared stacks.")
  private List<String> stacks = new ArrayList<>();

  @Option(
      names = "--workload",
      paramLabel = "NAME",
      description = "A workload to measure; may be given again. Default: all of them.")
  private List<String> workloads = new ArrayList<>();

  @Mixin private NativeOption inC = new NativeOption();

  @Mixin private CommonOptions common = new CommonOptions();

  @Override
  public Integer call() {
    return common.report(this);
  }

  @Override
  public Report measure() {
    List<ThreadWorkload> chosen =
        workloads.isEmpty()
            ? ThreadWorkload.ofThisJvm()
            : workloads.stream().map(ThreadWorkload::of).distinct().toList();
    List<Candidate> candidates = candidates(stacks.isEmpty() ? DefaultStacks.SHARED : stacks);
    NativeRows natives = inC.find();
    return new ThreadsReport(
        measure(
            common.quick() ? ThreadsMeasurement.Effort.QUICK : ThreadsMeasurement.Effort.FULL,
            chosen,
            candidates,
            natives),
        leftOut(chosen, candidates),
        natives);
  }

  private List<ThreadsResult> measure(
      ThreadsMeasurement.Effort effort,
      List<ThreadWorkload> workloads,
      List<Candidate> candidates,
      NativeRows natives) {
    PrintWriter err = common.err();
    List<ThreadsResult> results = new ArrayList<>();
    try (Progress progress = new Progress(err)) {
      for (ThreadWorkload workload : workloads) {
        List<String> contenders =
            candidates.stream()
                .filter(candidate -> candidate.serves(workload))
                .map(Candidate::name)
                .toList();
        results.addAll(
            new ThreadsMeasurement(effort, progress, err)
                .measure(workload, contenders, natives.found()));
      }
    }
    return results;
  }

  private static List<String> leftOut(List<ThreadWorkload> workloads, List<Candidate> candidates) {
    List<String> lines = new ArrayList<>();
    if (workloads.containsAll(ThreadWorkload.ofThisJvm())
        && !ThreadWorkload.VIRTUAL_MIX.available()) {
      lines.add(
          "%s, which takes virtual threads: java=%d, limit=%d"
              .formatted(
                  ThreadWorkload.VIRTUAL_MIX.label(),
                  Runtime.version().feature(),
                  VirtualThreads.FIRST_JDK));
    }
    for (ThreadWorkload workload : workloads) {
      for (Candidate candidate : candidates) {
        if (!candidate.serves(workload)) {
          lines.add(
              "%s on %s: largest size=%d, maxSize of the stack=%d"
                  .formatted(
                      workload.label(),
                      candidate.name(),
                      workload.largestSize(),
                      candidate.maxSize()));
        }
      }
    }
    return lines;
  }

  /**
   * {@return jna, the stacks and the peers} Builds every stack once, so that a wrong one is found
   * before anything is measured.
   */
  private static List<Candidate> candidates(List<String> stacks) {
    Set<Candidate> candidates = new LinkedHashSet<>();
    candidates.add(Candidate.of(DefaultStacks.JNA));
    stacks.forEach(stack -> candidates.add(Candidate.of(stack)));
    Contender.PEERS.forEach(peer -> candidates.add(new Candidate(peer, Long.MAX_VALUE)));
    return List.copyOf(candidates);
  }

  /**
   * A stack or a peer that may be measured.
   *
   * @param name the stack's canonical expression, or the peer's name
   * @param maxSize the largest size that it serves, in bytes
   */
  private record Candidate(String name, long maxSize) {

    static Candidate of(String expression) {
      try (AllocatorStack stack = AllocatorStack.open(expression)) {
        if (!stack.allocator().isShared()) {
          throw new BadInputException(
              "stack is confined to one thread, and the workloads have several; build it with"
                  + " shared=true: stack="
                  + stack);
        }
        return new Candidate(stack.toString(), stack.allocator().maxSize());
      }
    }

    boolean serves(ThreadWorkload workload) {
      return workload.largestSize() <= maxSize;
    }
  }
}
