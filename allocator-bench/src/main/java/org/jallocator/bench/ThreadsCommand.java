package org.jallocator.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Puts shared stacks and the peers to the workloads of several threads. */
@Command(
    name = ThreadsCommand.NAME,
    mixinStandardHelpOptions = true,
    description = "Measures shared stacks and other allocators under several threads.",
    footer = {
      "",
      "pair: every thread mallocs 64 bytes and frees them at once. producer-consumer: one thread"
          + " mallocs 64 bytes at a time, another frees, in batches of 4096. mix: every thread puts"
          + " blocks of 8 to 1000 bytes into 1000 slots at random, frees what was there, hands every"
          + " eighth of those to its neighbour to free, and is replaced by a new thread every 50,000"
          + " operations. virtual-mix: the same on 1000 virtual threads, each replaced every 500"
          + " operations; from JDK 21 on.",
      "",
      "Each stack runs each workload in a JVM of its own, which warms up first. The rounds of the"
          + " stacks take turns, and the median counts. Takes about five minutes, with --quick less"
          + " than one.",
      "",
      "The peers are LWJGL's bindings of rpmalloc and jemalloc, called by address, and Netty's"
          + " pooled and adaptive allocators, whose users get a ByteBuf for each block and pay for"
          + " it here.",
      "",
      "JSON: an array of objects with the keys workload, stack, threads, nanosPerOperation,"
          + " operationsPerSecond, peakReservedBytes. nanosPerOperation is the elapsed time of all"
          + " processors that the threads can use, by operation; peakReservedBytes is null where it"
          + " is not known, as for the peers."
    })
final class ThreadsCommand implements Callable<Integer> {

  static final String NAME = "threads";

  @Option(
      names = "--stack",
      paramLabel = "EXPR",
      description =
          "A shared stack to measure; may be given again. jna and the peers are always measured."
              + " Default: our shared stacks.")
  private List<String> stacks = new ArrayList<>();

  @Option(
      names = "--quick",
      description = "Few and short rounds: for a first look, not for a claim.")
  private boolean quick;

  @Option(
      names = NativeStacks.OPTION,
      description = NativeStacks.OPTION_DESCRIPTION + " For pair and producer-consumer.")
  private boolean nativeToo;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the results there too.")
  private @Nullable String json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return run(
        quick ? ThreadsMeasurement.Effort.QUICK : ThreadsMeasurement.Effort.FULL,
        ThreadWorkload.ofThisJvm());
  }

  int run(ThreadsMeasurement.Effort effort, List<ThreadWorkload> workloads) {
    List<Candidate> candidates = candidates(stacks.isEmpty() ? DefaultStacks.SHARED : stacks);
    try (JsonFile file = JsonFile.open(json)) {
      NativeStacks natives =
          nativeToo ? NativeStacks.find(spec.commandLine().getErr()) : NativeStacks.NOT_ASKED;
      ThreadsReport report =
          new ThreadsReport(
              measure(effort, workloads, candidates, natives),
              leftOut(workloads, candidates),
              natives);
      spec.commandLine().getOut().print(report.text());
      spec.commandLine().getOut().flush();
      if (file != null) {
        file.write(report.json());
      }
    }
    return 0;
  }

  private List<ThreadsResult> measure(
      ThreadsMeasurement.Effort effort,
      List<ThreadWorkload> workloads,
      List<Candidate> candidates,
      NativeStacks natives) {
    PrintWriter err = spec.commandLine().getErr();
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
    if (!ThreadWorkload.VIRTUAL_MIX.available()) {
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
