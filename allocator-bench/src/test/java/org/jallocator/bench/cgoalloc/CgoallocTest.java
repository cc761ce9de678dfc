package org.jallocator.bench.cgoalloc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.bench.Bench;
import org.jallocator.bench.jmh.JmhEffort;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

class CgoallocTest {

  private static final JmhEffort LEAST = new JmhEffort(1, 0, 1, 1);

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();

  @Test
  void everyRowOfTheTableIsMeasuredInOneRun() throws Exception {
    Path json = directory.resolve("out.json");
    CommandLine bench = Bench.commandLine().setOut(new PrintWriter(out));
    bench.parseArgs("reference", "--json", json.toString());
    CgoallocCommand command =
        Objects.requireNonNull(bench.getSubcommands().get("reference")).getCommand();

    assertEquals(0, command.run(LEAST));

    List<?> rows = JSON.std.listFrom(Files.readString(json));
    assertEquals(CgoallocRow.values().length, rows.size());
    Iterator<?> written = rows.iterator();
    for (CgoallocRow expected : CgoallocRow.values()) {
      Map<?, ?> row = assertInstanceOf(Map.class, written.next());
      assertEquals(
          "[workload, stack, nanosPerOperation, errorNanos, ratioToJna, publishedNanos, processor,"
              + " processors, jdk, commit, command]",
          row.keySet().toString());
      assertEquals(expected.workload(), row.get("workload"));
      assertEquals(expected.stack(), row.get("stack"));
      assertEquals(expected.publishedNanos(), row.get("publishedNanos"));
      assertTrue(assertInstanceOf(Double.class, row.get("nanosPerOperation")) > 0);
      double ratio = assertInstanceOf(Double.class, row.get("ratioToJna"));
      assertTrue(expected == expected.baseline() ? ratio == 1 : ratio > 0, "ratio=" + ratio);
      assertNull(row.get("errorNanos"), "one iteration tells no error");
    }
    String table = out.toString();
    for (String published :
        List.of("94.58", "104.7", "9.714", "34.83", "17.06", "35.78", "29.24")) {
      assertTrue(table.contains(" " + published + " "), table);
    }
    assertTrue(table.lines().allMatch(line -> line.length() <= 80), table);
  }

  @ParameterizedTest
  @EnumSource
  void stackOfARowIsWrittenAsItPrintsItself(CgoallocRow row) {
    try (AllocatorStack stack = AllocatorStack.open(row.stack())) {
      assertEquals(row.stack(), stack.toString());
    }
  }

  @Test
  void publishedRatiosStandAgainstThePublishedBaseline() {
    assertEquals(9.714 / 94.58, CgoallocRow.TEMPORARY_FIXED.publishedRatio());
    assertEquals(29.24 / 94.58, CgoallocRow.TEMPORARY_ARENA.publishedRatio());
    assertEquals(34.83 / 104.7, CgoallocRow.GROW_FIXED.publishedRatio());
    assertEquals(17.06 / 94.58, CgoallocRow.MIXED_TEMPORARY_LAYERS.publishedRatio());
    assertEquals(35.78 / 104.7, CgoallocRow.MIXED_GROW_LAYERS.publishedRatio());
    assertNull(CgoallocRow.MIXED_GROW_JNA.publishedRatio());
  }

  @Test
  void benchmarkWithoutARowIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> CgoallocRow.of("temporaryData", "arena"));
  }

  @Test
  void mixedSizesComeAsOftenAsTheReferenceHasThem() {
    assertSizes(new CgoallocBenchmark.MixedTemporaries().sizes, 100, 1, 9);
    assertSizes(new CgoallocBenchmark.MixedGrowth().sizes, 1000, 1, 9);
  }

  private static void assertSizes(long[] sizes, int all, int large, int medium) {
    assertEquals(all, sizes.length);
    assertEquals(512, sizes[0]);
    assertEquals(128, sizes[all / 10]);
    assertEquals(4, sizes[1]);
    assertEquals(large, Arrays.stream(sizes).filter(size -> size == 512).count());
    assertEquals(medium, Arrays.stream(sizes).filter(size -> size == 128).count());
    assertEquals(all - large - medium, Arrays.stream(sizes).filter(size -> size == 4).count());
  }
}
