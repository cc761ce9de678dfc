package org.jallocator.bench.cgoalloc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.console.TextTable;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.report.Report;
import org.jspecify.annotations.Nullable;

/** Results of the reference's benchmarks beside its figures. */
public final class CgoallocReport implements Report {

  private final List<CgoallocResult> results;
  private final NativeRows natives;

  public CgoallocReport(List<CgoallocResult> results, NativeRows natives) {
    this.results = results;
    this.natives = natives;
  }

  @Override
  public String title() {
    return "The reference";
  }

  @Override
  public String lead() {
    return "The benchmarks of the Go library cgoalloc: the time of one malloc and its free."
        + " The thin line is the confidence interval of 99.9 %.";
  }

  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable(natives::describe)
            .columns("ns/op", "error\n+-", "ratio\nto jna")
            .columns(natives.headings())
            .columns("published\nns/op", "published\nratio");
    for (CgoallocResult result : results) {
      double nanos = result.nanosPerOperation();
      table.group(result.workload());
      table
          .stack(result.stack(), Spread.around(nanos, result.errorNanos()))
          .decimal(nanos)
          .decimal(result.errorNanos())
          .decimal(result.ratioToJna())
          .texts(natives.ratios(nanos, nanosByStack(result.workload())))
          .text(asPublished(result.publishedNanos()))
          .text(decimal(result.publishedRatio()));
    }
    return table;
  }

  @Override
  public String notes() {
    return """
        ns/op: one malloc and its free; the arena's is for one of two mallocs, with its share of \
        freeAll.
        Published: by the Go library cgoalloc, on another machine: compare the ratios. It has no \
        figure for jna on the multilayer sizes, so its multilayer ratios stand against its uniform \
        ones. No block is written to, here or there.
        """
        + natives.notes();
  }

  private Map<String, Double> nanosByStack(String workload) {
    return results.stream()
        .filter(result -> result.workload().equals(workload))
        .collect(Collectors.toMap(CgoallocResult::stack, CgoallocResult::nanosPerOperation));
  }

  @Override
  public List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (CgoallocResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("workload", result.workload());
      row.put("stack", result.stack());
      row.put("nanosPerOperation", numberOrNull(result.nanosPerOperation()));
      row.put("errorNanos", numberOrNull(result.errorNanos()));
      row.put("ratioToJna", numberOrNull(result.ratioToJna()));
      row.put("publishedNanos", result.publishedNanos());
      natives.putInto(row, result.nanosPerOperation(), nanosByStack(result.workload()));
      rows.add(row);
    }
    return rows;
  }

  private static @Nullable Double numberOrNull(double number) {
    return Double.isNaN(number) ? null : number;
  }

  private static String asPublished(@Nullable Double number) {
    return number == null ? "-" : number.toString();
  }

  private static String decimal(@Nullable Double number) {
    return number == null ? "-" : TextTable.decimal(number);
  }
}
