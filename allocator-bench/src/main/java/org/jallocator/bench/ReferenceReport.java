package org.jallocator.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Results of the reference's benchmarks as a table beside its figures, and as rows for JSON. */
final class ReferenceReport {

  private static final int STACK_WIDTH = 34;

  private final List<ReferenceResult> results;

  ReferenceReport(List<ReferenceResult> results) {
    this.results = results;
  }

  /** {@return the table, under it the stacks in full and what there is to know} */
  String text() {
    List<String> stacks = results.stream().map(result -> result.row().stack()).distinct().toList();
    TextTable table =
        new TextTable(
            2,
            "workload",
            "stack",
            "ns/op",
            "error\n+-",
            "ratio\nto jna",
            "published\nns/op",
            "published\nratio");
    String workload = "";
    for (ReferenceResult result : results) {
      ReferenceRow row = result.row();
      boolean first = !row.workload().equals(workload);
      if (first && !workload.isEmpty()) {
        table.gap();
      }
      workload = row.workload();
      String number = stacks.indexOf(row.stack()) + 1 + " ";
      table.row(
          first ? workload : "",
          TextTable.shorten(number + row.stack(), STACK_WIDTH),
          TextTable.decimal(result.nanosPerOperation()),
          TextTable.decimal(result.errorNanos()),
          TextTable.decimal(result.ratioToJna()),
          asPublished(row.publishedNanos()),
          decimal(row.publishedRatio()));
    }
    return table.render()
        + "\n"
        + TextTable.legend(stacks)
        + """

        ns/op: one malloc and its free; the arena's is for one of two mallocs, with its share of freeAll.
        Published: by the Go library cgoalloc, on another machine: compare the ratios. It has no figure for jna on the
        multilayer sizes, so its multilayer ratios stand against its uniform ones. No block is written to, here or there.
        """;
  }

  /** {@return the rows in the form of {@code --json}} */
  List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (ReferenceResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("workload", result.row().workload());
      row.put("stack", result.row().stack());
      row.put("nanosPerOperation", numberOrNull(result.nanosPerOperation()));
      row.put("errorNanos", numberOrNull(result.errorNanos()));
      row.put("ratioToJna", numberOrNull(result.ratioToJna()));
      row.put("publishedNanos", result.row().publishedNanos());
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
