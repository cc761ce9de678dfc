package org.jallocator.bench.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.util.Arrays;
import java.util.List;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.trace.Trace;
import org.jallocator.bench.trace.TraceBuilder;
import org.junit.jupiter.api.Test;

class ReplayMeasurementTest {

  private static final String FIXED = "fixedblock(blockSize=64, pageSize=4KiB, jna)";

  private final StringWriter err = new StringWriter();

  private static Trace trace() {
    TraceBuilder builder = new TraceBuilder();
    for (int id = 1; id <= 100; id++) {
      builder.malloc(0, id, 64);
    }
    return builder.build("hundred", 100);
  }

  @Test
  void everyStackReplaysInAJvmOfItsOwn() {
    PrintWriter writer = new PrintWriter(err);
    Trace trace = trace();

    List<ReplayResult> results =
        new ReplayMeasurement(3, false, new Progress(new PrintWriter(Writer.nullWriter())), writer)
            .measure(List.of(trace), List.of(DefaultStacks.JNA, FIXED), List.of());

    assertEquals(List.of("jna", FIXED), results.stream().map(ReplayResult::stack).toList());
    ReplayResult baseline = results.get(0);
    ReplayResult fixed = results.get(1);
    assertEquals(1, baseline.ratioToJna());
    assertEquals(
        fixed.nanosPerOperation() / baseline.nanosPerOperation(), fixed.ratioToJna(), 1e-9);
    assertTrue(fixed.nanos().low() > 0);
    assertTrue(fixed.nanos().low() <= fixed.nanos().high());
    assertEquals(new Footprint(8192L, 2L), fixed.footprint());
    assertNull(fixed.pageFaults());
  }

  @Test
  void threadsOfATraceReplayInTheOtherJvm() {
    PrintWriter writer = new PrintWriter(err);
    Trace trace = ThreadedReplayTest.random(3, 2000);

    ReplayResult result =
        new ReplayMeasurement(2, false, new Progress(new PrintWriter(Writer.nullWriter())), writer)
            .measure(List.of(trace), List.of(DefaultStacks.JNA), List.of())
            .get(0);

    assertTrue(result.nanosPerOperation() > 0);
    long mallocs = Arrays.stream(trace.sizes()).filter(size -> size != Trace.FREE).count();
    assertEquals(mallocs, result.footprint().innerMallocs());
    assertEquals("", err.toString());
  }

  @Test
  void whatFailsInTheOtherJvmIsTold() {
    try (ReplayFork fork = ReplayFork.inJava("nonesuch", trace(), false, new PrintWriter(err))) {
      IllegalStateException failure = assertThrows(IllegalStateException.class, fork::round);

      assertTrue(
          String.valueOf(failure.getMessage())
              .startsWith("replay failed: org.jallocator.AllocatorConfigException: "),
          failure.getMessage());
    }
  }

  @Test
  void deathOfTheOtherJvmIsTold() {
    ReplayFork fork = ReplayFork.inJava("jna", trace(), false, new PrintWriter(err));
    fork.close();

    assertThrows(IllegalStateException.class, fork::round);
  }
}
