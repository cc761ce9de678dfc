package org.jallocator.bench.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jallocator.bench.Bench;
import org.jallocator.bench.cgoalloc.CgoallocReport;
import org.jallocator.bench.cgoalloc.CgoallocResult;
import org.jallocator.bench.cgoalloc.CgoallocRow;
import org.jallocator.bench.cgoalloc.NativeCgoalloc;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.jmh.JmhEffort;
import org.jallocator.bench.replay.ReplayMeasurement;
import org.jallocator.bench.replay.ReplayResult;
import org.jallocator.bench.threads.ThreadWorkload;
import org.jallocator.bench.threads.ThreadsMeasurement;
import org.jallocator.bench.threads.ThreadsResult;
import org.jallocator.bench.trace.TraceBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.util.Statistics;

/** The rows of {@code --native} in table and JSON. */
class NativeRowsTest {

  private static final String RATIO_KEYS =
      "ratioToNativeGlibc, ratioToNativeJemalloc, ratioToNativeMimalloc";

  private static final String MACHINE_KEYS = ", processor, processors, jdk, commit, command]";

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @AfterEach
  void forgetTheCompiler() {
    System.clearProperty(NativeProgram.COMPILER);
  }

  private List<Map<?, ?>> replayNative() throws IOException {
    Path trace = Files.writeString(directory.resolve("small.trace"), "0 m 1 16\n0 r 1 2 40\n");
    Path json = directory.resolve("out.json");
    int exit =
        Bench.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute("replay", "--native", "--repeat", "1", "--json", "" + json, "" + trace);
    assertEquals(0, exit, err.toString());
    List<Map<?, ?>> rows = new ArrayList<>();
    for (Object row : JSON.std.listFrom(Files.readString(json))) {
      rows.add(assertInstanceOf(Map.class, row));
    }
    return rows;
  }

  @Test
  void replayHasARowForEachAllocatorOfCAndAColumn() throws IOException {
    List<PreloadedAllocator> found = NativeRows.find(new PrintWriter(err)).found();
    NativeFixture.stack(NativeAllocator.GLIBC);

    List<Map<?, ?>> rows = replayNative();

    List<String> stacks = rows.stream().map(row -> String.valueOf(row.get("stack"))).toList();
    assertEquals(
        found.stream().map(PreloadedAllocator::name).toList(), stacks.subList(2, stacks.size()));
    double glibcNanos = assertInstanceOf(Double.class, rows.get(2).get("nanosPerOperation"));
    double jnaNanos = assertInstanceOf(Double.class, rows.get(0).get("nanosPerOperation"));
    for (Map<?, ?> row : rows) {
      assertEquals(
          "[trace, stack, operations, nanosPerOperation, nanosLow, nanosHigh, ratioToJna,"
              + " peakLiveBytes, peakReservedBytes, innerMallocs, "
              + RATIO_KEYS
              + MACHINE_KEYS,
          row.keySet().toString());
      double nanos = assertInstanceOf(Double.class, row.get("nanosPerOperation"));
      assertEquals(3, row.get("operations"));
      assertEquals(nanos / jnaNanos, ratio(row, "ratioToJna"), 1e-9);
      assertEquals(nanos / glibcNanos, ratio(row, "ratioToNativeGlibc"), 1e-9);
    }
    for (Map<?, ?> row : rows.subList(2, rows.size())) {
      assertNull(row.get("peakReservedBytes"));
      assertNull(row.get("innerMallocs"));
    }
    String table = out.toString();
    assertTrue(table.contains("\n  3 native glibc  "), table);
    assertTrue(table.contains("\n3 native glibc: " + found.get(0).version() + "\n"), table);
    assertTrue(table.contains("native: the same calls made from C"), table);
    assertTrue(table.lines().allMatch(line -> line.length() <= 80), table);
  }

  @Test
  void threadsHaveRowsInCForTheWorkloadsThatItKnows() {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);
    PrintWriter writer = new PrintWriter(err);
    ThreadsMeasurement measurement =
        new ThreadsMeasurement(new ThreadsMeasurement.Effort(1, 1), new Progress(writer), writer);

    List<ThreadsResult> pairs =
        measurement.measure(ThreadWorkload.PAIR, List.of("jna"), List.of(glibc));

    assertEquals(
        "[jna, native glibc, jna, native glibc, jna, native glibc, jna, native glibc]",
        pairs.stream().map(ThreadsResult::contender).toList().toString());
    assertNull(pairs.get(1).peakReservedBytes());
    assertTrue(pairs.get(1).operationsPerSecond() > 0);
    assertEquals(
        "[jna, jna]",
        measurement.measure(ThreadWorkload.MIX, List.of("jna"), List.of(glibc)).stream()
            .map(ThreadsResult::contender)
            .toList()
            .toString());
  }

  @Test
  void traceOfSeveralThreadsHasNoRowsInC() {
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 64);
    builder.free(7, 1);
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);
    PrintWriter writer = new PrintWriter(err);

    List<ReplayResult> results =
        new ReplayMeasurement(1, false, new Progress(writer), writer)
            .measure(List.of(builder.build("pair", 2)), List.of("jna"), List.of(glibc));

    assertEquals(List.of("jna"), results.stream().map(ReplayResult::stack).toList());
  }

  private static double ratio(Map<?, ?> row, String key) {
    return assertInstanceOf(Double.class, row.get(key));
  }

  @Test
  void withoutACompilerOneLineSaysSoAndTheRestIsMeasured() throws IOException {
    System.setProperty(NativeProgram.COMPILER, "nonesuch");

    List<Map<?, ?>> rows = replayNative();

    assertEquals(
        "native rows are left out: no C compiler: nonesuch (on Debian: apt-get install gcc"
            + " libc6-dev)",
        err.toString().lines().findFirst().orElse(""));
    assertEquals(2, rows.size());
    for (Map<?, ?> row : rows) {
      assertTrue(row.keySet().toString().endsWith(RATIO_KEYS + MACHINE_KEYS), row.toString());
      assertNull(row.get("ratioToNativeGlibc"));
    }
    String table = out.toString();
    assertTrue(table.contains("\nsmall\n  1 jna  "), table);
    assertTrue(!table.contains("native"), table);
  }

  @Test
  void everyWorkloadOfTheReferenceHasItsCallsInC() {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);
    JmhEffort effort = new JmhEffort(2, 0, 3, 1);
    PrintWriter writer = new PrintWriter(err);

    Map<CgoallocRow, Map<String, Statistics>> measured =
        new NativeCgoalloc(List.of(glibc), effort, new Progress(writer)).measure();

    assertEquals(
        "[TEMPORARY_JNA, GROW_JNA, MIXED_TEMPORARY_JNA, MIXED_GROW_JNA]",
        measured.keySet().toString());
    measured.forEach(
        (row, byStack) -> {
          Statistics nanos = byStack.get("native glibc");
          assertNotNull(nanos, () -> "row=" + row);
          assertEquals(6, nanos.getN(), "iterations of all forks");
          assertTrue(nanos.getMin() > 0 && nanos.getMin() < 100_000, "row=" + row);
        });
  }

  @Test
  void callsInCHaveTheSizesOfThoseInJava() {
    JmhEffort effort = new JmhEffort(1, 2, 3, 4);
    NativeCgoalloc reference =
        new NativeCgoalloc(List.of(), effort, new Progress(new PrintWriter(err)));

    String uniform = String.join(" ", reference.arguments(CgoallocRow.TEMPORARY_JNA));
    String mixed = String.join(" ", reference.arguments(CgoallocRow.MIXED_TEMPORARY_JNA));
    String growth = String.join(" ", reference.arguments(CgoallocRow.GROW_JNA));
    String mixedGrowth = String.join(" ", reference.arguments(CgoallocRow.MIXED_GROW_JNA));

    assertEquals("temporary 2 3 4" + " 64".repeat(100), uniform);
    String rest = (" 128" + " 4".repeat(9)).repeat(9);
    assertEquals("temporary 2 3 4 512" + " 4".repeat(9) + rest, mixed);
    assertEquals("grow 2 3 4 1000000" + " 8".repeat(100), growth);
    rest = (" 128" + " 4".repeat(99)).repeat(9);
    assertEquals("grow 2 3 4 1000000 512" + " 4".repeat(99) + rest, mixedGrowth);
  }

  @Test
  void nativeRowsStandInTheirWorkload() {
    List<CgoallocResult> results =
        List.of(
            result("TemporaryData", "jna", 20, 94.58),
            result("TemporaryData", "native glibc", 10, null),
            result("GrowShrink", "jna", 30, 104.7),
            result("GrowShrink", "native glibc", 60, null));
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);
    CgoallocReport report = new CgoallocReport(results, NativeRows.of(List.of(glibc)));

    String table = report.text();
    assertTrue(table.contains("\n  2 native glibc  10.00"), table);
    assertTrue(table.lines().allMatch(line -> line.length() <= 80), table);
    List<String> ratios = new ArrayList<>();
    for (Map<String, @Nullable Object> row : report.json()) {
      Map<String, @Nullable Object> copy = new LinkedHashMap<>(row);
      assertEquals(
          "[workload, stack, nanosPerOperation, errorNanos, ratioToJna, publishedNanos, "
              + RATIO_KEYS
              + "]",
          copy.keySet().toString());
      assertNull(copy.get("ratioToNativeMimalloc"));
      ratios.add(String.valueOf(copy.get("ratioToNativeGlibc")));
    }
    assertEquals(List.of("2.0", "1.0", "0.5", "1.0"), ratios);
  }

  private static CgoallocResult result(
      String workload, String stack, double nanos, @Nullable Double published) {
    return new CgoallocResult(workload, stack, nanos, 0.1, 1, published, published);
  }
}
