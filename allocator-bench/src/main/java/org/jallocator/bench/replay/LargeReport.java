package org.jallocator.bench.replay;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.report.Report;
import org.jallocator.bench.trace.Trace;
import org.jspecify.annotations.Nullable;

/** Results of large blocks. */
final class LargeReport implements Report {

  private static final double MICRO = 1000;
  private static final double MIB = 1 << 20;

  private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

  private final List<ReplayResult> results;
  private final List<String> leftOut;
  private final NativeRows natives;

  /**
   * Takes the results.
   *
   * @param results by trace
   * @param leftOut what was not measured, and why, a line each
   * @param natives the allocators called from C
   */
  LargeReport(List<ReplayResult> results, List<String> leftOut, NativeRows natives) {
    this.results = results;
    this.leftOut = leftOut;
    this.natives = natives;
  }

  @Override
  public String title() {
    return "Large blocks";
  }

  @Override
  public String lead() {
    return "Blocks of 64 KiB to 16 MiB whose every page is written to: the time of one block."
        + Report.HALF;
  }

  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable(natives::describe)
            .columns("us per\nblock", "ratio\nto jna")
            .columns(natives.headings())
            .columns("faults/\nblock", "live\nMiB", "reserved\nMiB");
    for (ReplayResult result : results) {
      Trace trace = result.trace();
      Long reserved = result.footprint().peakReservedBytes();
      table.group(trace.name());
      table
          .stack(result.stack(), nanosPerBlock(result))
          .decimal(nanosPerBlock(result).median() / MICRO)
          .decimal(result.ratioToJna())
          .texts(natives.ratios(nanosPerBlock(result).median(), nanosByStack(trace)))
          .decimal(faultsPerBlock(result))
          .decimal(trace.peakLiveBytes() / MIB)
          .decimal(reserved == null ? Double.NaN : reserved / MIB);
    }
    return table;
  }

  @Override
  public String notes() {
    StringBuilder text =
        new StringBuilder(
            """
            us per block: malloc, a write to the first and the last byte of each page of 4 KiB, \
            and free; the median of the rounds. faults: page faults of the thread. live, reserved: \
            at their peaks; reserved is what reached C.
            arrow: record batches, three at once. spark: tasks that sort; both made up.
            """);
    try {
      String setting = Files.readString(HUGE_PAGES, StandardCharsets.UTF_8).strip();
      text.append("Transparent huge pages: ").append(setting).append(".\n");
    } catch (IOException e) {
      // Another system: it has no such setting.
    }
    text.append(natives.notes());
    leftOut.forEach(line -> text.append("Left out: ").append(line).append('\n'));
    return text.toString();
  }

  private static long blocks(Trace trace) {
    return Arrays.stream(trace.sizes()).filter(size -> size != Trace.FREE).count();
  }

  private static Spread nanosPerBlock(ReplayResult result) {
    Trace trace = result.trace();
    return result.nanos().times((double) trace.operations() / blocks(trace));
  }

  private static double faultsPerBlock(ReplayResult result) {
    Double faults = result.pageFaults();
    return faults == null ? Double.NaN : faults / blocks(result.trace());
  }

  private Map<String, Double> nanosByStack(Trace trace) {
    return results.stream()
        .filter(result -> result.trace() == trace)
        .collect(Collectors.toMap(ReplayResult::stack, result -> nanosPerBlock(result).median()));
  }

  @Override
  public List<Map<String, @Nullable Object>> json() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (ReplayResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("workload", result.trace().name());
      row.put("stack", result.stack());
      row.put("blocks", blocks(result.trace()));
      row.put("nanosPerBlock", nanosPerBlock(result).median());
      row.put("nanosLow", nanosPerBlock(result).low());
      row.put("nanosHigh", nanosPerBlock(result).high());
      row.put("ratioToJna", result.ratioToJna());
      double faults = faultsPerBlock(result);
      row.put("pageFaultsPerBlock", Double.isNaN(faults) ? null : (Double) faults);
      row.put("peakLiveBytes", result.trace().peakLiveBytes());
      row.put("peakReservedBytes", result.footprint().peakReservedBytes());
      row.put("innerMallocs", result.footprint().innerMallocs());
      natives.putInto(row, nanosPerBlock(result).median(), nanosByStack(result.trace()));
      rows.add(row);
    }
    return rows;
  }
}
