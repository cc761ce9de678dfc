package org.jallocator.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Results of the reference's benchmarks as a table beside its figures, and as rows for JSON. */
final class ReferenceReport {

  private static final int STACK_WIDTH = 34;

  private final List<ReferenceResult> results;
  private final NativeStacks natives;

  ReferenceReport(List<ReferenceResult> results, NativeStacks natives) {
    this.results = results;
    this.natives = natives;
  }

  /** {@return the table, under it the stacks in full and what there is to know} */
  String text() {
    List<String> stacks = results.stream().map(ReferenceResult::stack).distinct().toList();
    int stackWidth = natives.stackWidth(STACK_WIDTH);
    TextTable table =
        new TextTable(
            2,
            natives.headings(
                "workload",
                "stack",
                "ns/op",
                "error\n+-",
                "ratio\nto jna",
                "published\nns/op",
                "published\nratio"));
    String workload = "";
    for (ReferenceResult result : results) {
      boolean first = !result.workload().equals(workload);
      if (first && !workload.isEmpty()) {
        table.gap();
      }
      workload = result.workload();
      String number = stacks.indexOf(result.stack()) + 1 + " ";
      table.row(
          natives.cells(
              result.nanosPerOperation(),
              nanosByStack(workload),
              first ? workload : "",
              TextTable.shorten(number + result.stack(), stackWidth),
              TextTable.decimal(result.nanosPerOperation()),
              TextTable.decimal(result.errorNanos()),
              TextTable.decimal(result.ratioToJna()),
              asPublished(result.publishedNanos()),
              decimal(result.publishedRatio())));
    }
    return table.render()
        + "\n"
        + TextTable.legend(stacks.stream().map(natives::describe).toList())
        + """

        ns/op: one malloc and its free; the arena's is for one of two mallocs, with its share of freeAll.
        Published: by the Go library cgoalloc, on another machine: compare the ratios. It has no figure for jna on the
        multilayer sizes, so its multilayer ratios stand against its uniform ones. No block is written to, here or there.
        """
        + natives.notes();
  }

  private Map<String, Double> nanosByStack(String workload) {
    return results.stream()
        .filter(result -> result.workload().equals(workload))
        .collect(Collectors.toMap(ReferenceResult::stack, ReferenceResult::nanosPerOperation));
  }

  /** {@return the rows in the form of {@code --json}} */
  List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (ReferenceResult result : results) {
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
