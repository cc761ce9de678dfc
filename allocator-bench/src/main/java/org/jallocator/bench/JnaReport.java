package org.jallocator.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Results of the {@code jna} command as a table for 120 columns, the numbers of threads side by
 * side, and as rows for JSON.
 */
final class JnaReport {

  private final List<JnaResult> results;

  /**
   * Takes the results.
   *
   * @param results by row, and within that by number of threads
   */
  JnaReport(List<JnaResult> results) {
    this.results = results;
  }

  /** {@return the table, under it what there is to know} */
  String text() {
    List<Integer> threads = results.stream().map(JnaResult::threads).distinct().toList();
    TextTable table = new TextTable(2, headings(threads));
    JnaRow last = null;
    for (JnaRow row : results.stream().map(JnaResult::row).distinct().toList()) {
      boolean newWorkload = last == null || last.workload() != row.workload();
      if (last != null && newWorkload) {
        table.gap();
      }
      last = row;
      table.row(cells(row, newWorkload, threads));
    }
    return table.render() + "\n" + notes();
  }

  private static String[] headings(List<Integer> threads) {
    List<String> headings = new ArrayList<>(List.of("workload", "variant"));
    for (int count : threads) {
      headings.add(count + (count == 1 ? " thread" : " threads") + "\nns/op");
      headings.add("ratio");
    }
    headings.add("bytes\n/op");
    return headings.toArray(String[]::new);
  }

  private String[] cells(JnaRow row, boolean newWorkload, List<Integer> threads) {
    List<String> cells = new ArrayList<>();
    cells.add(newWorkload ? row.workload().label() : "");
    cells.add(row.variant().label());
    double bytes = Double.NaN;
    for (int count : threads) {
      JnaResult result = find(row, count);
      cells.add(TextTable.decimal(nanos(result)));
      cells.add(TextTable.decimal(nanos(result) / nanos(find(row.baseline(), count))));
      if (result != null && Double.isNaN(bytes)) {
        bytes = result.bytesPerOperation();
      }
    }
    cells.add(Double.isNaN(bytes) ? "-" : TextTable.count(Math.round(bytes)));
    return cells.toArray(String[]::new);
  }

  private static double nanos(@Nullable JnaResult result) {
    return result == null ? Double.NaN : result.nanosPerOperation();
  }

  private @Nullable JnaResult find(JnaRow row, int threads) {
    return results.stream()
        .filter(result -> result.row() == row && result.threads() == threads)
        .findFirst()
        .orElse(null);
  }

  private static String notes() {
    return """
        ns/op: how long an operation keeps one of %d processors busy. ratio: to the first row of the workload. bytes/op: on the
        Java heap, with the fewest threads. Below "call:", JNA's whole call of a C function that does next to nothing is in it.
        jna: plain JNA, closed at once wherever it can be, by a cast where there is no other way; Strings cannot be.
        jna, left: to the cleaner, as nearly all programs do it. It frees alone what all threads leave, Strings too: with more
        than one thread, and with Strings more than %d, the heap fills up until nothing goes on, and there is no figure.
        Between iterations everybody waits for the cleaner; that is in no figure either.
        lwjgl: MemoryStack, which looks itself up for the thread; a scope is at hand, and checks more.
        given: JNA's constructor on memory that is there already: what it costs without any allocator.
        confined, shared: AllocatorMemory, or malloc and free, on %s for each thread, or on
        %s for all.
        scope: a NativeScope for each operation, on %s. nested: in a scope that the thread keeps.
        mapped: StringArguments on the confined stack.
        Unfair to JNA: each row has a JVM of its own, whose compiler sees one kind of allocator at work. Figures of more threads
        than processors flatter all by a tenth or so: a thread's time counts from its first turn to its last.
        """
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            JnaRow.MOST_WITH_STRINGS,
            ConfinedStacks.BLOCKS,
            DefaultStacks.SHARED_FIXED,
            ConfinedStacks.CHUNKS);
  }

  /** {@return the rows in the form of {@code --json}} */
  List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (JnaResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("workload", result.row().workload().label());
      row.put("variant", result.row().variant().label());
      row.put("threads", result.threads());
      row.put("nanosPerOperation", result.nanosPerOperation());
      double bytes = result.bytesPerOperation();
      row.put("bytesPerOperation", Double.isNaN(bytes) ? null : bytes);
      rows.add(row);
    }
    return rows;
  }
}
