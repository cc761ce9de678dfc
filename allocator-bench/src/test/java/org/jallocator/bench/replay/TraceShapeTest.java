package org.jallocator.bench.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.trace.Trace;
import org.jallocator.bench.trace.TraceBuilder;
import org.jallocator.bench.trace.TraceReader;
import org.junit.jupiter.api.Test;

/** What a page shows of a trace: its blocks, and its course. */
class TraceShapeTest {

  private static Trace trace() {
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 1);
    builder.malloc(0, 2, 64);
    builder.malloc(0, 3, 65);
    builder.free(0, 3);
    builder.free(0, 1);
    return builder.build("small", 5);
  }

  @Test
  void blocksAreCountedByTheLargestSizeOfTheirBin() {
    assertEquals(Map.of(1L, 1L, 64L, 1L, 128L, 1L), TraceShape.sizes(trace()));
  }

  @Test
  void lifeIsCountedInCallsAndMayNeverEnd() {
    assertEquals(Map.of(1L, 1L, 4L, 1L, Long.MAX_VALUE, 1L), TraceShape.lifetimes(trace()));
  }

  @Test
  void binsAreNamedInWords() {
    String sizes = TraceShape.figure("t", TraceShape.sizes(trace())).picture();
    String lives = TraceShape.figure("t", TraceShape.lifetimes(trace())).picture();

    assertTrue(sizes.contains(">33 to 64<") && sizes.contains(">1, 33.3 %<"), sizes);
    assertTrue(lives.contains(">3 to 4<") && lives.contains(">never freed<"), lives);
  }

  @Test
  void courseOfAShortTraceHasNoHoles() {
    long[] live = Course.live(trace());

    assertEquals(Course.SAMPLES, live.length);
    assertEquals(1, live[0]);
    assertEquals(1, live[Course.SAMPLES / 5 - 1]);
    assertEquals(65, live[Course.SAMPLES / 5]);
    assertEquals(64, live[Course.SAMPLES - 1]);
    assertEquals(130, Arrays.stream(live).max().orElse(0));
  }

  @Test
  void courseHasThePeaksOfTheTrace() {
    Trace trace = TraceReader.read("cc1");
    long[] live = Course.live(trace);

    assertEquals(trace.peakLiveBytes(), Arrays.stream(live).max().orElse(0));
    assertEquals(
        Footprint.measure(DefaultStacks.MIXED, trace).peakReservedBytes(),
        Arrays.stream(Course.reserved(DefaultStacks.MIXED, trace)).max().orElse(0));
    assertEquals(Arrays.toString(live), Arrays.toString(Course.reserved(DefaultStacks.JNA, trace)));
  }
}
