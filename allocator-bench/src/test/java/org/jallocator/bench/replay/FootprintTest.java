package org.jallocator.bench.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.counting.CountingAllocator;
import org.jallocator.bench.trace.Trace;
import org.jallocator.bench.trace.TraceBuilder;
import org.jallocator.bench.trace.TraceReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FootprintTest {

  private static final String TIERS = "fallback(fixedblock(blockSize=64, pageSize=4KiB, jna), jna)";

  /** Two blocks of a page, and at the peak 1000 bytes beside them. */
  private static Trace trace() {
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 64);
    builder.malloc(0, 2, 1000);
    builder.free(0, 2);
    builder.malloc(0, 3, 60);
    builder.malloc(0, 4, 500);
    return builder.build("small", 5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cc1", "perl", "sqlite"})
  void onJnaAloneReservedIsLiveAndEveryMallocReachesC(String name) {
    Trace trace = TraceReader.read(name);
    long mallocs = Arrays.stream(trace.sizes()).filter(size -> size != Trace.FREE).count();

    assertEquals(
        new Footprint(trace.peakLiveBytes(), mallocs), Footprint.measure(DefaultStacks.JNA, trace));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cc1", "perl", "sqlite"})
  void defaultStackSparesNineInTenMallocsOfC(String name) {
    Trace trace = TraceReader.read(name);
    Long onJna = Footprint.measure(DefaultStacks.JNA, trace).innerMallocs();
    Long onMixed = Footprint.measure(DefaultStacks.MIXED, trace).innerMallocs();

    assertNotNull(onJna);
    assertNotNull(onMixed);
    assertTrue(10 * onMixed < onJna, "onMixed=" + onMixed + ", onJna=" + onJna);
  }

  @Test
  void allLeavesOfAStackCountIntoOneSum() {
    assertEquals(new Footprint(4096L + 1000, 3L), Footprint.measure(TIERS, trace()));
  }

  @Test
  void measuringAgainStartsFromNothing() {
    Footprint first = Footprint.measure(TIERS, trace());

    assertEquals(first, Footprint.measure(TIERS, trace()));
  }

  @Test
  void sizeThatTheStackNeverServesIsRefused() {
    BadInputException refusal =
        assertThrows(
            BadInputException.class,
            () -> Footprint.measure("fixedblock(blockSize=64, pageSize=4KiB, jna)", trace()));

    assertEquals(
        "stack cannot serve the trace: trace=small, largest size=1000, maxSize of the stack=64,"
            + " stack=fixedblock(blockSize=64, pageSize=4KiB, jna)",
        refusal.getMessage());
  }

  @Test
  void traceThatIsTooLargeForTheMachineIsRefused() {
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 64);
    builder.malloc(0, 2, 1L << 60);
    Trace trace = builder.build("huge", 2);

    BadInputException refusal =
        assertThrows(BadInputException.class, () -> Footprint.measure(DefaultStacks.JNA, trace));

    assertTrue(
        String.valueOf(refusal.getMessage())
            .startsWith("stack has no memory for the trace: trace=huge, stack=jna: "),
        refusal.getMessage());
  }

  @Test
  void countingLeafPassesEveryCallOn() {
    CallLog log = new CallLog();
    CountingAllocator.Ledger ledger = new CountingAllocator.Ledger();
    CountingAllocator counting = new CountingAllocator(log, ledger);

    long first = counting.malloc(10);
    long second = counting.tryMalloc(20);
    assertEquals(0, counting.tryMalloc(5000));
    assertEquals(30, ledger.liveBytes());
    counting.free(first);
    counting.free(second, 20);
    counting.free(0);
    counting.close();

    assertEquals(
        "[malloc 10 -> 1000, tryMalloc 20, tryMalloc 5000, free 1000, free 1001 of 20, free 0,"
            + " close]",
        log.calls.toString());
    assertEquals(2, ledger.mallocs());
    assertEquals(0, ledger.liveBytes());
    assertEquals(30, ledger.peakLiveBytes());
  }
}
