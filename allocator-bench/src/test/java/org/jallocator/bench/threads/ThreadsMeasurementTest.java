package org.jallocator.bench.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.bench.console.Progress;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.natives.NativeRows;
import org.junit.jupiter.api.Test;

class ThreadsMeasurementTest {

  private final StringWriter err = new StringWriter();
  private final PrintWriter writer = new PrintWriter(err);

  @Test
  void everyContenderRunsInAJvmOfItsOwn() {
    List<String> contenders = List.of("jna", Contender.RPMALLOC);

    List<ThreadsResult> results =
        new ThreadsMeasurement(
                new ThreadsMeasurement.Effort(2, 5),
                new Progress(new PrintWriter(Writer.nullWriter())),
                writer)
            .measure(ThreadWorkload.PRODUCER_CONSUMER, contenders, List.of());

    assertEquals(contenders, results.stream().map(ThreadsResult::contender).toList());
    results.forEach(
        result -> {
          assertEquals(2, result.threads());
          assertTrue(result.operationsPerSecond() > 0, result.toString());
          assertTrue(Double.isFinite(result.operationsPerSecond()), result.toString());
        });
    long peak = Objects.requireNonNull(results.get(0).peakReservedBytes());
    assertTrue(peak >= HandOver.BATCH * HandOver.SIZE, "peak=" + peak);
    assertNull(results.get(1).peakReservedBytes());
    assertEquals("", err.toString());
  }

  @Test
  void whatFailsInTheOtherJvmIsTold() {
    try (ThreadsFork fork = ThreadsFork.inJava("nonesuch", ThreadWorkload.PAIR, writer)) {
      IllegalStateException failure =
          assertThrows(IllegalStateException.class, () -> fork.round(1, 1));

      String message = String.valueOf(failure.getMessage());
      assertTrue(
          message.startsWith("pair on nonesuch failed: org.jallocator.AllocatorConfigException: "),
          message);
    }
  }

  private static ThreadsResult result(String stack, int threads, double operationsPerSecond) {
    Long peak = stack.equals("jna") ? 64L * threads : null;
    return new ThreadsResult(
        ThreadWorkload.PAIR, stack, threads, Spread.exact(operationsPerSecond), peak);
  }

  @Test
  void reportSetsJnaAndRpmallocAndOneThreadBesideEveryRow() {
    ThreadsReport report =
        new ThreadsReport(
            List.of(
                result("jna", 1, 50e6),
                result(Contender.RPMALLOC, 1, 100e6),
                result("mine", 1, 200e6),
                result("jna", 2, 60e6),
                result(Contender.RPMALLOC, 2, 150e6),
                result("mine", 2, 380e6)),
            List.of("mix on mine: largest size=1000, maxSize of the stack=64"),
            NativeRows.NOT_ASKED);

    String text = report.text();

    assertTrue(
        text.lines().anyMatch(line -> line.matches(" +3 mine +5\\.00 +0\\.25 +0\\.50 .*")), text);
    assertTrue(text.lines().anyMatch(line -> line.matches(".* 380\\.00 +1\\.90 +-")), text);
    assertTrue(text.lines().anyMatch(line -> line.matches(".* 60\\.00 +1\\.20 +128")), text);
    assertTrue(
        text.endsWith("Left out: mix on mine: largest size=1000, maxSize of the stack=64\n"), text);
    assertTrue(text.lines().allMatch(line -> line.length() <= 80), text);
    Map<?, ?> mine = report.json().get(2);
    assertEquals(
        "{workload=pair, stack=mine, threads=1, nanosPerOperation=5.0, nanosLow=5.0,"
            + " nanosHigh=5.0, operationsPerSecond=2.0E8, peakReservedBytes=null}",
        mine.toString());
  }

  @Test
  void nanosAreThoseOfTheProcessorsThatTheThreadsCanUse() {
    int processors = Runtime.getRuntime().availableProcessors();

    assertEquals(10, result("jna", 1, 100e6).nanosPerOperation());
    assertEquals(10.0 * processors, result("jna", 1000, 100e6).nanosPerOperation());
  }
}
