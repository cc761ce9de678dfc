package org.jallocator.bench.mixed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.TextTable;
import org.jallocator.bench.report.Report;
import org.jspecify.annotations.Nullable;

/** Results of stacks side by side in one JVM. */
final class MixedReport implements Report {

  /** A stack beside others is to take no more than so many times its time alone. */
  private static final double BAR = 1.25;

  private final List<MixedResult> results;

  /**
   * Takes the results.
   *
   * @param results by workload
   */
  MixedReport(List<MixedResult> results) {
    this.results = results;
  }

  @Override
  public String title() {
    return "Stacks side by side";
  }

  @Override
  public String lead() {
    return "Several stacks in one JVM, used in turn: the time of one malloc and its free.";
  }

  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable()
            .withoutComparison()
            .columns("alone\nns/op", "in turn\nns/op", "ratio", "one place\nns/op", "ratio");
    for (MixedResult result : results) {
      table.group(result.workload().label());
      table
          .stack(result.stack(), result.inTurn())
          .decimal(result.alone().median())
          .decimal(result.inTurn().median())
          .decimal(result.inTurnRatio())
          .decimal(result.onePlace().median())
          .decimal(result.onePlaceRatio());
    }
    return table;
  }

  @Override
  public String notes() {
    MixedResult worst = results.get(0);
    for (MixedResult result : results) {
      worst = result.inTurnRatio() > worst.inTurnRatio() ? result : worst;
    }
    return """
        ns/op: one malloc and one free, of 8 to 64 bytes, on one thread.
        alone: in a JVM that has no other stack. in turn: beside the others, 1,000 operations \
        each, every stack called from a place of its own in the program. one place: all called \
        from one place, which makes each call there a virtual one, whatever the allocators do.
        ratio: to alone; in turn it is to be at most %s. The largest in turn: %s (%s on %d).
        """
        .formatted(
            TextTable.decimal(BAR),
            TextTable.decimal(worst.inTurnRatio()),
            worst.workload().label(),
            table().number(worst.stack()));
  }

  @Override
  public List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (MixedResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("workload", result.workload().label());
      row.put("stack", result.stack());
      row.put("aloneNanos", result.alone().median());
      row.put("inTurnNanos", result.inTurn().median());
      row.put("inTurnLow", result.inTurn().low());
      row.put("inTurnHigh", result.inTurn().high());
      row.put("inTurnRatio", result.inTurnRatio());
      row.put("onePlaceNanos", result.onePlace().median());
      row.put("onePlaceRatio", result.onePlaceRatio());
      rows.add(row);
    }
    return rows;
  }
}
