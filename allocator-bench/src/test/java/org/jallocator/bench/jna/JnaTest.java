package org.jallocator.bench.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.management.ThreadMXBean;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.Allocator;
import org.jallocator.bench.Bench;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.jmh.JmhEffort;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class JnaTest {

  /** In this JVM, for a test looks at what is measured and not at the figures. */
  private static final JmhEffort LEAST = new JmhEffort(0, 0, 1, 1);

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();

  @Test
  void everyRowOfTheTableIsMeasuredInOneRun() throws Exception {
    Path json = directory.resolve("out.json");
    CommandLine bench =
        Bench.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(Writer.nullWriter()));
    bench.parseArgs("jna", "--threads", "2", "--threads", "1", "--json", json.toString());
    JnaCommand command = Objects.requireNonNull(bench.getSubcommands().get("jna")).getCommand();

    assertEquals(0, command.run(LEAST));

    List<String> expected = new ArrayList<>();
    for (JnaRow row : JnaRow.values()) {
      for (int threads : new int[] {1, 2}) {
        if (row.isMeasured(threads)) {
          expected.add(row.workload().label() + ", " + row.variant().label() + ", " + threads);
        }
      }
    }
    List<String> measured = new ArrayList<>();
    for (Object element : JSON.std.listFrom(Files.readString(json))) {
      Map<?, ?> row = assertInstanceOf(Map.class, element);
      assertEquals(
          "[workload, variant, threads, nanosPerOperation, bytesPerOperation, processor,"
              + " processors, jdk, commit, command]",
          row.keySet().toString());
      measured.add(row.get("workload") + ", " + row.get("variant") + ", " + row.get("threads"));
      assertTrue(assertInstanceOf(Double.class, row.get("nanosPerOperation")) > 0);
      assertTrue(assertInstanceOf(Double.class, row.get("bytesPerOperation")) >= 0);
    }
    assertEquals(expected, measured);
    assertTrue(out.toString().lines().allMatch(line -> line.length() <= 80), out.toString());
  }

  private static List<JnaResult> results(int threads) {
    List<JnaResult> results = new ArrayList<>();
    for (JnaRow row : JnaRow.measured(threads)) {
      double nanos = row == row.baseline() ? 100_000 : 12_345.678;
      results.add(new JnaResult(row, threads, nanos, 39.6));
    }
    return results;
  }

  @Test
  void reportSetsTheFirstRowOfTheWorkloadBesideEveryRow() {
    List<JnaResult> results = new ArrayList<>();
    List.of(1, 2, 8, 64).forEach(threads -> results.addAll(results(threads)));

    String text = new JnaReport(results).text();

    String three = " +12,345\\.68 +0\\.12".repeat(3);
    assertTrue(text.lines().anyMatch(line -> line.matches(" +confined" + three)), text);
    String last = " +12,345\\.68 +0\\.12 +40";
    assertTrue(text.lines().anyMatch(line -> line.matches(" +confined" + last)), text);
    String one = " +12,345\\.68 +0\\.12" + " +- +-".repeat(2);
    assertTrue(text.lines().anyMatch(line -> line.matches(" +jna, left" + one)), text);
    assertTrue(text.contains("\nbuffer\n  jna  "), text);
    assertTrue(text.lines().allMatch(line -> line.length() <= 80), text);
  }

  @Test
  void bytesThatTheJvmDoesNotTellAreNull() {
    JnaReport report = new JnaReport(List.of(new JnaResult(JnaRow.RAW_JNA, 1, 20, Double.NaN)));

    assertEquals(
        "[{workload=malloc, free, variant=jna, threads=1, nanosPerOperation=20.0,"
            + " bytesPerOperation=null}]",
        report.json().toString());
    assertTrue(report.text().lines().anyMatch(line -> line.endsWith(" 20.00   1.00      -")));
  }

  @Test
  void nanosAreThoseOfTheProcessorsThatTheThreadsCanUse() {
    int processors = Runtime.getRuntime().availableProcessors();

    assertEquals(10, JnaResult.of(JnaRow.RAW_JNA, 1, 100e6, 0).nanosPerOperation());
    assertEquals(
        10.0 * processors, JnaResult.of(JnaRow.RAW_JNA, 1000, 100e6, 0).nanosPerOperation());
  }

  @Test
  void benchmarkWithoutARowIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> JnaRow.of("nonesuch"));
  }

  @ParameterizedTest
  @ValueSource(strings = {ConfinedStacks.BLOCKS, DefaultStacks.SHARED_FIXED, DefaultStacks.JNA})
  void rawPairAllocatesNothingOnTheJavaHeap(String expression) {
    ThreadMXBean heap = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (AllocatorStack stack = AllocatorStack.open(expression)) {
      Allocator allocator = stack.allocator();
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 5; i++) { // the JVM itself may allocate the first time
        least = Math.min(least, allocatedByPairs(allocator, heap));
      }

      assertEquals(0, least);
    }
  }

  private static long allocatedByPairs(Allocator allocator, ThreadMXBean heap) {
    long before = heap.getCurrentThreadAllocatedBytes();
    pairs(allocator);
    return heap.getCurrentThreadAllocatedBytes() - before;
  }

  private static void pairs(Allocator allocator) {
    for (int i = 0; i < 1000; i++) {
      allocator.free(allocator.malloc(64), 64);
      allocator.free(allocator.malloc(64));
    }
  }
}
