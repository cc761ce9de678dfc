package org.jallocator.bench.replay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.bench.Bench;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.contenders.PeerAllocator;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.trace.Trace;
import org.jallocator.bench.trace.TraceBuilder;
import org.jallocator.jna.DefaultAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lwjgl.system.MemoryUtil;
import picocli.CommandLine;

class LargeTest {

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();

  @Test
  void tracesAreOfLargeBlocksOnlyAndFreeThemAll() {
    for (Trace trace : LargeTraces.all()) {
      long[] mallocs = Arrays.stream(trace.sizes()).filter(size -> size != Trace.FREE).toArray();
      assertTrue(Arrays.stream(mallocs).allMatch(size -> size >= 64 << 10), trace.name());
      assertTrue(trace.largestSize() >= 8 << 20, "largest=" + trace.largestSize());
      assertTrue(Arrays.stream(mallocs).distinct().count() > 5, trace.name());
      assertTrue(trace.peakLiveBytes() < 256 << 20, "peak=" + trace.peakLiveBytes());
    }
    Trace spark = LargeTraces.all().get(1);
    assertArrayEquals(new int[0], spark.liveAtEnd());
  }

  @Test
  void tracesAreTheSameInEveryRun() {
    for (int i = 0; i < 2; i++) {
      assertArrayEquals(LargeTraces.all().get(i).sizes(), LargeTraces.all().get(i).sizes());
    }
  }

  @Test
  void firstAndLastByteOfEachPageAreWritten() {
    TraceBuilder builder = new TraceBuilder();
    int size = 2 * TouchingReplay.PAGE + 100;
    builder.malloc(0, 1, size);
    try (KeepingAllocator memory = new KeepingAllocator(size)) {
      new TouchingReplay(builder.build("one", 1)).run(memory);

      int page = TouchingReplay.PAGE;
      List<Integer> touched = List.of(0, page - 1, page, 2 * page - 1, 2 * page, size - 1);
      for (int i = 0; i < size; i++) {
        byte expected = (byte) (touched.contains(i) ? 1 : 0);
        assertEquals(expected, MemoryUtil.memGetByte(memory.address + i), "offset=" + i);
      }
      assertEquals(1, memory.frees);
    }
  }

  /** One block that stays readable after its free. */
  private static final class KeepingAllocator extends PeerAllocator implements AutoCloseable {

    private final DefaultAllocator memory = new DefaultAllocator();
    private final long address;
    private int frees;

    KeepingAllocator(int size) {
      address = memory.malloc(size);
      MemoryUtil.memSet(address, 0, size);
    }

    @Override
    public long tryMalloc(long size) {
      return address;
    }

    @Override
    public void free(long freed) {
      frees++;
    }
  }

  @Test
  void faultsAreReadBehindTheNameOfTheThread() {
    assertEquals(4711, PageFaults.minorFaults("1 (a) b (c)) S 2 3 4 5 6 7 4711 9 10 11 12"));
  }

  @Test
  void touchingNewMemoryIsFaults() {
    assumeTrue(PageFaults.ofThisThread() != PageFaults.UNKNOWN, "no page faults on this system");
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 64 << 20);
    long before = PageFaults.ofThisThread();

    new TouchingReplay(builder.build("one", 1)).run(new DefaultAllocator());

    // A huge page is 2 MiB, and then there is one fault for it.
    assertTrue(PageFaults.ofThisThread() - before >= 32);
  }

  @Test
  void everyStackHasARowForEveryWorkload() throws Exception {
    Path json = directory.resolve("out.json");
    CommandLine bench = Bench.commandLine().setOut(new PrintWriter(out));
    bench.parseArgs("large", "--json", json.toString(), "--stack", DefaultStacks.MIXED);
    LargeCommand command = Objects.requireNonNull(bench.getSubcommands().get("large")).getCommand();

    assertEquals(0, command.run(1));

    List<?> rows = JSON.std.listFrom(Files.readString(json));
    assertEquals(4, rows.size());
    for (Object written : rows) {
      Map<?, ?> row = assertInstanceOf(Map.class, written);
      assertEquals(
          "[workload, stack, blocks, nanosPerBlock, nanosLow, nanosHigh, ratioToJna,"
              + " pageFaultsPerBlock, peakLiveBytes, peakReservedBytes, innerMallocs, processor,"
              + " processors, jdk, commit, command]",
          row.keySet().toString());
      assertTrue(assertInstanceOf(Double.class, row.get("nanosPerBlock")) > 0);
    }
    String text = out.toString();
    assertTrue(text.lines().allMatch(line -> line.length() <= 80), text);
  }

  @Test
  void widestTableFitsEightyColumns() {
    Trace trace = LargeTraces.all().get(0);
    String text =
        new LargeReport(
                List.of(
                    new ReplayResult(
                        trace,
                        "jna",
                        Spread.exact(123_456),
                        1,
                        new Footprint(1L << 30, 1L),
                        12_345.0),
                    new ReplayResult(
                        trace, "mine", Spread.exact(61_728), 0.5, Footprint.UNKNOWN, null)),
                List.of("large(jna): no allocator of the name large"),
                NativeRows.NOT_ASKED)
            .text();

    assertTrue(
        text.lines().anyMatch(line -> line.matches(" +2 mine +\\d+\\.\\d+ +0\\.50 .*-")), text);
    assertTrue(text.endsWith("Left out: large(jna): no allocator of the name large\n"), text);
    assertTrue(text.lines().allMatch(line -> line.length() <= 80), text);
  }
}
