package org.jallocator.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Results of replays as a table for a terminal of 120 columns, and as rows for JSON. */
final class ReplayReport {

  private static final int STACK_WIDTH = 26;

  private final List<ReplayResult> results;
  private final int rounds;
  private final NativeStacks natives;

  ReplayReport(List<ReplayResult> results, int rounds, NativeStacks natives) {
    this.results = results;
    this.rounds = rounds;
    this.natives = natives;
  }

  /** {@return the table, under it the stacks in full and what there is to know} */
  String text() {
    List<String> stacks = results.stream().map(ReplayResult::stack).distinct().toList();
    int stackWidth = natives.stackWidth(STACK_WIDTH);
    TextTable table =
        new TextTable(
            2,
            natives.headings(
                "trace",
                "stack",
                "operations",
                "ns/op",
                "ratio\nto jna",
                "peak live\nbytes",
                "peak reserved\nbytes",
                "inner\nmallocs"));
    String trace = "";
    for (ReplayResult result : results) {
      boolean first = !result.trace().name().equals(trace);
      if (first && !trace.isEmpty()) {
        table.gap();
      }
      trace = result.trace().name();
      String number = stacks.indexOf(result.stack()) + 1 + " ";
      table.row(
          natives.cells(
              result.nanosPerOperation(),
              nanosByStack(result.trace()),
              first ? trace : "",
              TextTable.shorten(number + result.stack(), stackWidth),
              TextTable.count(result.trace().operations()),
              TextTable.decimal(result.nanosPerOperation()),
              TextTable.decimal(result.ratioToJna()),
              TextTable.count(result.trace().peakLiveBytes()),
              count(result.footprint().peakReservedBytes()),
              count(result.footprint().innerMallocs())));
    }
    String legend = TextTable.legend(stacks.stream().map(natives::describe).toList());
    return table.render() + "\n" + legend + "\n" + notes();
  }

  private Map<String, Double> nanosByStack(Trace trace) {
    return results.stream()
        .filter(result -> result.trace() == trace)
        .collect(Collectors.toMap(ReplayResult::stack, ReplayResult::nanosPerOperation));
  }

  private String notes() {
    StringBuilder text = new StringBuilder();
    text.append("ns/op: median of ").append(rounds).append(rounds == 1 ? " round" : " rounds");
    text.append(" of one malloc or one free; a realloc is both. Reserved and inner mallocs: what");
    text.append(" reached C.\nNo block is written to, which favours stacks that keep their books");
    text.append(" elsewhere.\n");
    text.append(natives.notes());
    results.stream()
        .map(ReplayResult::trace)
        .distinct()
        .filter(trace -> trace.threadCount() > 1)
        .forEach(
            trace ->
                text.append(trace.name())
                    .append(": ")
                    .append(trace.threadCount())
                    .append(" threads, each replayed on one of its own; ns/op: elapsed time by all")
                    .append(" operations.\n"));
    return text.toString();
  }

  /** {@return the rows in the form of {@code --json}} */
  List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (ReplayResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("trace", result.trace().name());
      row.put("stack", result.stack());
      row.put("operations", result.trace().operations());
      row.put("nanosPerOperation", result.nanosPerOperation());
      row.put("ratioToJna", result.ratioToJna());
      row.put("peakLiveBytes", result.trace().peakLiveBytes());
      row.put("peakReservedBytes", result.footprint().peakReservedBytes());
      row.put("innerMallocs", result.footprint().innerMallocs());
      natives.putInto(row, result.nanosPerOperation(), nanosByStack(result.trace()));
      rows.add(row);
    }
    return rows;
  }

  private static String count(@Nullable Long number) {
    return number == null ? "-" : TextTable.count(number);
  }
}
