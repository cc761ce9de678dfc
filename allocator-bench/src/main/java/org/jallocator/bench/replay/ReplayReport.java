package org.jallocator.bench.replay;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.console.TextTable;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.page.Bars;
import org.jallocator.bench.page.Figure;
import org.jallocator.bench.page.Lines;
import org.jallocator.bench.report.Report;
import org.jallocator.bench.trace.Trace;
import org.jspecify.annotations.Nullable;

/** Results of replays. */
public final class ReplayReport implements Report {

  private final List<ReplayResult> results;
  private final int rounds;
  private final NativeRows natives;

  /**
   * Takes the results.
   *
   * @param results by trace
   * @param rounds how many there were of each
   * @param natives the allocators called from C
   */
  public ReplayReport(List<ReplayResult> results, int rounds, NativeRows natives) {
    this.results = results;
    this.rounds = rounds;
    this.natives = natives;
  }

  @Override
  public String title() {
    return "Traces";
  }

  @Override
  public String lead() {
    return "Allocation traces of real programs, replayed: the time of one malloc or one free."
        + Report.HALF;
  }

  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable(natives::describe)
            .columns("ns/op", "ratio\nto jna")
            .columns(natives.headings())
            .columns("peak live\nbytes", "reserved\nbytes", "inner\nmallocs");
    for (ReplayResult result : results) {
      table.group(result.trace().name());
      table
          .stack(result.stack(), result.nanos())
          .decimal(result.nanosPerOperation())
          .decimal(result.ratioToJna())
          .texts(natives.ratios(result.nanosPerOperation(), nanosByStack(result.trace())))
          .count(result.trace().peakLiveBytes())
          .count(result.footprint().peakReservedBytes())
          .count(result.footprint().innerMallocs());
    }
    return table;
  }

  private Map<String, Double> nanosByStack(Trace trace) {
    return results.stream()
        .filter(result -> result.trace() == trace)
        .collect(Collectors.toMap(ReplayResult::stack, ReplayResult::nanosPerOperation));
  }

  @Override
  public String notes() {
    StringBuilder text =
        new StringBuilder(
            """
            ns/op: median of %s of one malloc or one free; a realloc is both. Reserved, at its \
            peak, and inner mallocs: what reached C.
            No block is written to, which favours stacks that keep their books elsewhere.
            """
                .formatted(rounds == 1 ? "1 round" : rounds + " rounds"));
    text.append(natives.notes());
    for (Trace trace : results.stream().map(ReplayResult::trace).distinct().toList()) {
      text.append("%s: %s operations".formatted(trace.name(), TextTable.count(trace.operations())));
      if (trace.threadCount() > 1) {
        text.append(
            "; %d threads, each replayed on one of its own; ns/op: elapsed time by all operations"
                .formatted(trace.threadCount()));
      }
      text.append(".\n");
    }
    return text.toString();
  }

  @Override
  public List<Figure> figures() {
    List<Figure> figures = new ArrayList<>(Bars.of(table()));
    for (Trace trace : results.stream().map(ReplayResult::trace).distinct().toList()) {
      List<ReplayResult> ofTrace =
          results.stream()
              .filter(result -> result.trace() == trace)
              .filter(result -> result.footprint().innerMallocs() != null)
              .toList();
      figures.add(course(trace, ofTrace));
      figures.add(innerMallocs(trace, ofTrace));
      figures.add(
          TraceShape.figure(trace.name() + ": sizes asked for, in bytes", TraceShape.sizes(trace)));
      figures.add(
          TraceShape.figure(
              trace.name() + ": how long blocks live, in calls", TraceShape.lifetimes(trace)));
    }
    return figures;
  }

  private Figure course(Trace trace, List<ReplayResult> ofTrace) {
    Lines lines =
        new Lines("MiB", 1 << 20, "0 calls", TextTable.count(trace.operations()) + " calls");
    lines.add("live, and reserved by jna", Course.live(trace), 1);
    for (ReplayResult result : ofTrace) {
      if (!result.stack().equals(DefaultStacks.JNA)) {
        int number = table().number(result.stack());
        lines.add(
            "reserved by " + number + " " + result.stack(),
            Course.reserved(result.stack(), trace),
            1 + (number - 1) % ResultTable.SERIES);
      }
    }
    return lines.figure(trace.name() + ": live and reserved bytes over its course");
  }

  private Figure innerMallocs(Trace trace, List<ReplayResult> ofTrace) {
    Bars bars = new Bars();
    List<List<String>> rows = new ArrayList<>();
    for (ReplayResult result : ofTrace) {
      int number = table().number(result.stack());
      long mallocs = Objects.requireNonNull(result.footprint().innerMallocs());
      String name = number + " " + result.stack();
      bars.add(
          name,
          TextTable.count(mallocs),
          Spread.exact((double) mallocs),
          1 + (number - 1) % ResultTable.SERIES);
      rows.add(List.of(name, TextTable.count(mallocs)));
    }
    return bars.figure(
        trace.name() + ": mallocs that reached C", List.of("", "inner mallocs"), rows);
  }

  @Override
  public List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (ReplayResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("trace", result.trace().name());
      row.put("stack", result.stack());
      row.put("operations", result.trace().operations());
      row.put("nanosPerOperation", result.nanosPerOperation());
      row.put("nanosLow", result.nanos().low());
      row.put("nanosHigh", result.nanos().high());
      row.put("ratioToJna", result.ratioToJna());
      row.put("peakLiveBytes", result.trace().peakLiveBytes());
      row.put("peakReservedBytes", result.footprint().peakReservedBytes());
      row.put("innerMallocs", result.footprint().innerMallocs());
      natives.putInto(row, result.nanosPerOperation(), nanosByStack(result.trace()));
      rows.add(row);
    }
    return rows;
  }
}
