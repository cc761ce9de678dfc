package org.jallocator.bench.jna;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.report.Report;
import org.jspecify.annotations.Nullable;

/** Results of the {@code jna} command, the numbers of threads side by side. */
final class JnaReport implements Report {

  private final List<JnaResult> results;

  /**
   * Takes the results.
   *
   * @param results by row, and within that by number of threads
   */
  JnaReport(List<JnaResult> results) {
    this.results = results;
  }

  @Override
  public String title() {
    return "JNA's users";
  }

  @Override
  public String lead() {
    return "Memory, structures, by-references and Strings for C: the time of one operation on the fewest threads.";
  }

  @Override
  public ResultTable table() {
    List<Integer> threads = results.stream().map(JnaResult::threads).distinct().toList();
    ResultTable table = new ResultTable();
    for (int count : threads) {
      table.columns(count + (count == 1 ? " thread" : " threads") + "\nns/op", "ratio");
    }
    table.columns("bytes\n/op");
    for (JnaRow row : results.stream().map(JnaResult::row).distinct().toList()) {
      table.group(row.workload().label());
      fill(table.row(row.variant().label(), time(row, threads)), row, threads);
    }
    return table;
  }

  /** {@return the nanoseconds with the fewest threads that there is a figure for} */
  private @Nullable Spread time(JnaRow row, List<Integer> threads) {
    return threads.stream()
        .map(count -> find(row, count))
        .filter(Objects::nonNull)
        .findFirst()
        .map(result -> Spread.exact(result.nanosPerOperation()))
        .orElse(null);
  }

  private void fill(ResultTable.Row cells, JnaRow row, List<Integer> threads) {
    double bytes = Double.NaN;
    for (int count : threads) {
      JnaResult result = find(row, count);
      cells.decimal(nanos(result)).decimal(nanos(result) / nanos(find(row.baseline(), count)));
      if (result != null && Double.isNaN(bytes)) {
        bytes = result.bytesPerOperation();
      }
    }
    cells.count(Double.isNaN(bytes) ? null : (Long) Math.round(bytes));
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

  @Override
  public String notes() {
    return """
        ns/op: how long an operation keeps one of %d processors busy. ratio: to the first row of \
        the workload. bytes/op: on the Java heap, with the fewest threads. Below "call:", JNA's \
        whole call of a C function that does next to nothing is in it.
        jna: plain JNA, closed at once wherever it can be, by a cast if there is no other way; \
        Strings cannot be.
        jna, left: left to the cleaner, as nearly all programs do it. One cleaner thread frees what \
        all threads leave, Strings too. With more than one thread, or more than %d with Strings, the \
        heap fills up until the program stands still, and there is no figure. Between iterations all \
        threads wait for the cleaner; that time is in no figure.
        lwjgl: MemoryStack, which each operation looks up for its thread. A scope needs no look-up, \
        and checks more.
        given: JNA's constructor on existing memory: its cost without an allocator.
        confined, shared: AllocatorMemory, or malloc and free, on %s for each thread, or on %s for \
        all.
        scope: a NativeScope for each operation, on %s. nested: in a scope that the thread keeps.
        mapped: StringArguments on the confined stack.
        Unfair to JNA: each row has a JVM of its own, whose compiler sees one kind of allocator at \
        work. Figures of more threads than processors flatter all by a tenth or so: a thread's \
        time counts from its first turn to its last.
        """
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            JnaRow.MOST_WITH_STRINGS,
            ConfinedStacks.BLOCKS,
            DefaultStacks.SHARED_FIXED,
            ConfinedStacks.CHUNKS);
  }

  @Override
  public List<Map<String, @Nullable Object>> json() {
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
