package org.jallocator.bench.threads;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.TextTable;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.report.Report;
import org.jspecify.annotations.Nullable;

/** Results of workloads for threads. */
final class ThreadsReport implements Report {

  private static final double MILLION = 1e6;

  private final List<ThreadsResult> results;
  private final List<String> leftOut;
  private final NativeRows natives;

  /**
   * Takes the results.
   *
   * @param results by workload, and within that by number of threads
   * @param leftOut what was not measured, and why, a line each
   * @param natives the allocators called from C
   */
  ThreadsReport(List<ThreadsResult> results, List<String> leftOut, NativeRows natives) {
    this.results = results;
    this.leftOut = leftOut;
    this.natives = natives;
  }

  @Override
  public String title() {
    return "Threads";
  }

  @Override
  public String lead() {
    return "Shared stacks and other allocators under several threads: the time of one malloc and its free."
        + Report.HALF;
  }

  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable(natives::describe)
            .columns(
                "ns/op",
                "ratio\nto jna",
                "ratio to\nrpmalloc",
                "million\nop/s",
                "times\n1 thread",
                "reserved\nbytes");
    for (ThreadsResult result : results) {
      int threads = result.threads();
      table.group(
          "%s, %s %s"
              .formatted(
                  result.workload().label(),
                  TextTable.count(threads),
                  threads == 1 ? "thread" : "threads"));
      table
          .stack(result.contender(), result.nanos())
          .decimal(result.nanosPerOperation())
          .decimal(ratioTo(DefaultStacks.JNA, result))
          .decimal(ratioTo(Contender.RPMALLOC, result))
          .decimal(result.operationsPerSecond() / MILLION)
          .decimal(timesOneThread(result))
          .count(result.peakReservedBytes());
    }
    return table;
  }

  @Override
  public String notes() {
    StringBuilder text =
        new StringBuilder(
            """
            An operation is one malloc and its free. ns/op: how long it keeps one of %d processors \
            busy; op/s: of all threads. The pairs write to no block, which favours stacks that keep \
            their books elsewhere. The other workloads write to the first and the last byte of each \
            block. A ratio is one of ns/op. Reserved, at its peak: what reached C.
            """
                .formatted(Runtime.getRuntime().availableProcessors()));
    leftOut.forEach(line -> text.append("Left out: ").append(line).append('\n'));
    return text.toString();
  }

  @Override
  public List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (ThreadsResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("workload", result.workload().label());
      row.put("stack", result.contender());
      row.put("threads", result.threads());
      row.put("nanosPerOperation", result.nanosPerOperation());
      row.put("nanosLow", result.nanos().low());
      row.put("nanosHigh", result.nanos().high());
      row.put("operationsPerSecond", result.operationsPerSecond());
      row.put("peakReservedBytes", result.peakReservedBytes());
      rows.add(row);
    }
    return rows;
  }

  private double ratioTo(String stack, ThreadsResult result) {
    ThreadsResult baseline = find(result.workload(), stack, result.threads());
    return baseline == null
        ? Double.NaN
        : result.nanosPerOperation() / baseline.nanosPerOperation();
  }

  private double timesOneThread(ThreadsResult result) {
    ThreadsResult alone = find(result.workload(), result.contender(), 1);
    return alone == null ? Double.NaN : result.operationsPerSecond() / alone.operationsPerSecond();
  }

  private @Nullable ThreadsResult find(ThreadWorkload workload, String stack, int threads) {
    return results.stream()
        .filter(result -> result.workload() == workload)
        .filter(result -> result.contender().equals(stack) && result.threads() == threads)
        .findFirst()
        .orElse(null);
  }
}
