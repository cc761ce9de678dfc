package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.AllocatorListener;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** What stats counts, limit and failing refuse, and log writes. */
final class CountingLayersTest {

  private final RecordingAllocator inner = RecordingAllocator.create();

  @Test
  void nestedCountersCountFromTheirPushAndThePeakOutsideSurvives() {
    StatsAllocator stats = StatsAllocator.create(new Plain(inner));
    long big = stats.malloc(1000);
    stats.free(big);
    long before = stats.malloc(10);
    stats.push();
    long small = stats.malloc(64);
    stats.free(small);
    stats.free(before);
    StatsCounters counted = stats.pop();
    assertEquals(1, counted.mallocs());
    assertEquals(2, counted.frees());
    assertEquals(64, counted.peakBytes());
    assertEquals(-10, counted.liveBytes());
    assertEquals(1L, counted.histogram().get(6));
    assertEquals(1000, stats.counters().peakBytes());
    assertEquals(3, stats.counters().mallocs());
    assertThrows(IllegalStateException.class, stats::pop);
    stats.close();
  }

  @Test
  void resetPeakMakesThePeakWhatIsLiveAndTheOuterPeakStays() {
    StatsAllocator stats = StatsAllocator.create(new Plain(inner));
    stats.free(stats.malloc(1000));
    long live = stats.malloc(10);
    stats.resetPeak();
    assertEquals(10, stats.counters().peakBytes());
    assertEquals(1, stats.counters().peakBlocks());
    assertEquals(1000, stats.stats().peakReservedBytes(), "of all time");
    stats.free(live);
    stats.close();
  }

  @Test
  void listenersAreToldOfLimitsLeaksAndBadFrees() {
    List<String> told = new ArrayList<>();
    AllocatorListener listener =
        new AllocatorListener() {
          @Override
          public void limitReached(String layer, long bytes, long limit) {
            told.add(layer + " " + bytes + " of " + limit);
          }

          @Override
          public void leaked(String layer, LeakException leak) {
            told.add(layer + " leaks " + leak.liveBlocks());
          }

          @Override
          public void invalidFree(String layer, InvalidFreeException refusal) {
            told.add(layer + " " + refusal.reason());
          }
        };
    AllocatorEvents.add(listener);
    try {
      TrackedAllocator tracked =
          TrackedAllocator.create(LimitAllocator.create(new Plain(inner), 100, 50));
      long address = tracked.malloc(60);
      assertEquals(Allocator.NULL, tracked.tryMalloc(41));
      assertThrows(InvalidFreeException.class, () -> tracked.free(address + 1));
      assertThrows(LeakException.class, tracked::close);
      tracked.free(address);
      assertThrows(InvalidFreeException.class, () -> tracked.free(address));
    } finally {
      AllocatorEvents.remove(listener);
    }
    assertEquals(
        List.of(
            "limit 60 of 50",
            "limit 41 of 100",
            "tracked NOT_A_BLOCK",
            "tracked leaks 1",
            "tracked DOUBLE_FREE"),
        told);
  }

  @Test
  void limitRefusesWhatIsBeyondAndWarnsOncePerCrossing() {
    List<Long> warned = new ArrayList<>();
    LimitAllocator limit =
        LimitAllocator.create(new Plain(inner), 100, 50).onWarning((l, live) -> warned.add(live));
    long first = limit.malloc(40);
    long second = limit.malloc(40);
    assertEquals(Allocator.NULL, limit.tryMalloc(21));
    OutOfMemoryError e = assertThrows(OutOfMemoryError.class, () -> limit.malloc(21));
    assertTrue(String.valueOf(e.getMessage()).contains("limit=100"), e.getMessage());
    limit.free(second);
    limit.free(limit.malloc(60));
    limit.free(first);
    assertEquals(List.of(80L, 100L), warned);
    limit.close();
  }

  @Test
  void failingFailsTheNthAndEveryAfterAndTheSameOnesForOneSeed() {
    FailingAllocator failing = FailingAllocator.builder(new Plain(inner)).nth(2).every(3).build();
    StringBuilder failed = new StringBuilder();
    for (int i = 1; i <= 9; i++) {
      failed.append(failing.tryMalloc(1) == Allocator.NULL ? i : 0);
    }
    assertEquals("020050080", failed.toString());
    assertEquals(failuresOf(7), failuresOf(7));
    assertTrue(!failuresOf(7).equals(failuresOf(8)));
  }

  private String failuresOf(long seed) {
    FailingAllocator failing =
        FailingAllocator.builder(new Plain(inner)).rate(100_000).seed(seed).build();
    StringBuilder failed = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      failed.append(failing.tryMalloc(1) == Allocator.NULL ? 'x' : '.');
    }
    return failed.toString();
  }

  @Test
  void logWritesLinesInTheTraceFormatAndIsWholeBeforeItIsClosed() throws IOException {
    Path file = Layers.traceFile();
    LogAllocator log = LogAllocator.create(new Plain(inner), file);
    long first = log.malloc(100);
    long second = log.malloc(7);
    log.free(first);
    log.flush();
    assertEquals(List.of("0 m 1 100", "0 m 2 7", "0 f 1"), lines(Files.readAllBytes(file)));
    log.free(second);
    log.close();
    assertEquals(
        List.of("0 m 1 100", "0 m 2 7", "0 f 1", "0 f 2"), lines(Files.readAllBytes(file)));
    Files.write(file, new byte[] {0, 1, 2, 3}, StandardOpenOption.APPEND);
    assertEquals(4, lines(Files.readAllBytes(file)).size(), "a member cut short is no member");
  }

  @Test
  void aThreadThatMayNotCloseALogDoesNotEndIt() throws Exception {
    Path file = Layers.traceFile();
    LogAllocator log =
        LogAllocator.create(RecordingAllocator.builder().shared(false).build(), file);
    Thread other =
        new Thread(() -> assertThrows(IllegalStateException.class, log::closeAndRelease));
    other.start();
    other.join();
    log.free(log.malloc(100));
    log.close();
    assertEquals(List.of("0 m 1 100", "0 f 1"), lines(Files.readAllBytes(file)));
  }

  private static List<String> lines(byte[] gzip) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
    }
  }
}
