package org.jallocator.bench.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.bench.trace.Trace;
import org.jallocator.bench.trace.TraceBuilder;
import org.junit.jupiter.api.Test;

class OrderedReplayTest {

  private static Trace trace() {
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 16);
    builder.malloc(0, 2, 300);
    builder.malloc(0, 3, 40);
    builder.free(0, 1);
    builder.free(0, 2);
    builder.malloc(0, 4, 8);
    builder.malloc(0, 5, 9);
    builder.free(0, 3);
    return builder.build("small", 8);
  }

  @Test
  void makesTheCallsOfTheTraceAndFreesTheRestAtTheEnd() {
    CallLog log = new CallLog();

    long nanos = new OrderedReplay(trace()).run(log);

    assertTrue(nanos > 0, "nanos=" + nanos);
    assertEquals(
        List.of(
            "malloc 16 -> 1000",
            "malloc 300 -> 1001",
            "malloc 40 -> 1002",
            "free 1000",
            "free 1001",
            "malloc 8 -> 1003",
            "malloc 9 -> 1004",
            "free 1002",
            "free 1004",
            "free 1003"),
        log.calls);
  }

  @Test
  void secondRoundMakesTheSameCallsAgain() {
    CallLog log = new CallLog();
    OrderedReplay replay = new OrderedReplay(trace());
    replay.run(log);
    List<String> first = new ArrayList<>(log.calls);
    log.calls.clear();

    replay.run(log);

    assertEquals(first.size(), log.calls.size());
    assertEquals("malloc 16 -> 1005", log.calls.get(0));
    assertEquals("free 1005", log.calls.get(3));
  }
}
