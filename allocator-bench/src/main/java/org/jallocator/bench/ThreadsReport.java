package org.jallocator.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Results of workloads for threads as a table for 120 columns, and as rows for JSON. */
final class ThreadsReport {

  private static final int STACK_WIDTH = 30;

  private static final double MILLION = 1e6;

  private final List<ThreadsResult> results;
  private final List<String> leftOut;
  private final NativeStacks natives;

  /**
   * Takes the results.
   *
   * @param results by workload, and within that by number of threads
   * @param leftOut what was not measured, and why, a line each
   * @param natives the allocators called from C
   */
  ThreadsReport(List<ThreadsResult> results, List<String> leftOut, NativeStacks natives) {
    this.results = results;
    this.leftOut = leftOut;
    this.natives = natives;
  }

  /** {@return the table, under it the stacks in full and what there is to know} */
  String text() {
    List<String> stacks = results.stream().map(ThreadsResult::stack).distinct().toList();
    TextTable table =
        new TextTable(
            2,
            "workload",
            "stack",
            "threads",
            "ns/op",
            "ratio\nto jna",
            "ratio to\nrpmalloc",
            "million\nop/s",
            "times\n1 thread",
            "peak reserved\nbytes");
    ThreadsResult last = null;
    for (ThreadsResult result : results) {
      boolean newWorkload = last == null || last.workload() != result.workload();
      if (last != null && (newWorkload || last.threads() != result.threads())) {
        table.gap();
      }
      last = result;
      String number = stacks.indexOf(result.stack()) + 1 + " ";
      table.row(
          newWorkload ? result.workload().label() : "",
          TextTable.shorten(number + result.stack(), STACK_WIDTH),
          TextTable.count(result.threads()),
          TextTable.decimal(result.nanosPerOperation()),
          TextTable.decimal(ratioTo(DefaultStacks.JNA, result)),
          TextTable.decimal(ratioTo(Contender.RPMALLOC, result)),
          TextTable.decimal(result.operationsPerSecond() / MILLION),
          TextTable.decimal(timesOneThread(result)),
          result.peakReservedBytes() == null ? "-" : TextTable.count(result.peakReservedBytes()));
    }
    return table.render()
        + "\n"
        + TextTable.legend(stacks.stream().map(natives::describe).toList())
        + "\n"
        + notes();
  }

  private String notes() {
    StringBuilder text =
        new StringBuilder(
            """
            An operation is one malloc and its free. ns/op: how long it keeps one of %d processors busy; op/s: of all threads.
            In pair nothing is written to the blocks, which favours stacks that keep their books elsewhere; else their first and
            last bytes are. A ratio is one of ns/op. Reserved: what reached C.
            """
                .formatted(Runtime.getRuntime().availableProcessors()));
    leftOut.forEach(line -> text.append("Left out: ").append(line).append('\n'));
    return text.toString();
  }

  /** {@return the rows in the form of {@code --json}} */
  List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (ThreadsResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("workload", result.workload().label());
      row.put("stack", result.stack());
      row.put("threads", result.threads());
      row.put("nanosPerOperation", result.nanosPerOperation());
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
    ThreadsResult alone = find(result.workload(), result.stack(), 1);
    return alone == null ? Double.NaN : result.operationsPerSecond() / alone.operationsPerSecond();
  }

  private @Nullable ThreadsResult find(ThreadWorkload workload, String stack, int threads) {
    return results.stream()
        .filter(result -> result.workload() == workload)
        .filter(result -> result.stack().equals(stack) && result.threads() == threads)
        .findFirst()
        .orElse(null);
  }
}
