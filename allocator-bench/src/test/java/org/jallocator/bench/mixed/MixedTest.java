package org.jallocator.bench.mixed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.bench.Bench;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.replay.CallLog;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

class MixedTest {

  private static final MixedMeasurement.Effort LEAST = new MixedMeasurement.Effort(1, 1, 1, 1);

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();

  @Test
  void everyCopyOfTheLoopHasAClassOfItsOwn() {
    assertNotSame(MixedLoopCode.copy().getClass(), MixedLoopCode.copy().getClass());
  }

  @ParameterizedTest
  @EnumSource
  void operationIsOneMallocAndOneFree(MixedWorkload workload) {
    CallLog log = new CallLog();
    int count = 3 * MixedLoop.SLOTS;

    workload.run(MixedLoopCode.copy(), log, new long[MixedLoop.SLOTS], count);

    assertEquals(count, log.calls.stream().filter(call -> call.startsWith("malloc")).count());
    assertEquals(count, log.calls.stream().filter(call -> call.startsWith("free")).count());
  }

  @Test
  void churnFreesEachBlockOnceAndKeepsAsManyAsThereAreSlots() {
    long[] addresses = new long[MixedLoop.SLOTS];
    try (AllocatorStack stack = AllocatorStack.open(DefaultStacks.FIXED)) {
      for (int round = 0; round < 3; round++) {
        MixedWorkload.CHURN.run(MixedLoopCode.copy(), stack.allocator(), addresses, 1000);
      }
      assertEquals(MixedLoop.SLOTS, stack.allocator().stats().liveBlocks());
      for (long address : addresses) {
        stack.allocator().free(address);
      }
    }
  }

  @Test
  void everyStackIsMeasuredAloneAndInTurnAndFromOnePlace() throws Exception {
    Path json = directory.resolve("out.json");
    CommandLine bench = Bench.commandLine().setOut(new PrintWriter(out));
    bench.parseArgs(
        "mixed", "--json", json.toString(), "--stack", "jna", "--stack", DefaultStacks.FIXED);
    MixedCommand command = Objects.requireNonNull(bench.getSubcommands().get("mixed")).getCommand();
    assertEquals(0, command.run(LEAST));

    List<?> rows = JSON.std.listFrom(Files.readString(json));
    assertEquals(4, rows.size());
    for (Object written : rows) {
      Map<?, ?> row = assertInstanceOf(Map.class, written);
      assertEquals(
          "[workload, stack, aloneNanos, inTurnNanos, inTurnLow, inTurnHigh, inTurnRatio,"
              + " onePlaceNanos, onePlaceRatio, processor, processors, jdk, commit, command]",
          row.keySet().toString());
      assertTrue(assertInstanceOf(Double.class, row.get("aloneNanos")) > 0);
      assertTrue(assertInstanceOf(Double.class, row.get("inTurnNanos")) > 0);
      assertTrue(assertInstanceOf(Double.class, row.get("onePlaceNanos")) > 0);
    }
  }

  private static MixedResult result(
      MixedWorkload workload, String stack, double alone, double inTurn, double onePlace) {
    return new MixedResult(
        workload, stack, Spread.exact(alone), Spread.exact(inTurn), Spread.exact(onePlace));
  }

  @Test
  void reportNamesTheWorstRatio() {
    String text =
        new MixedReport(
                List.of(
                    result(MixedWorkload.PAIR, "jna", 10, 11, 12),
                    result(MixedWorkload.PAIR, "mine", 2, 3, 4),
                    result(MixedWorkload.CHURN, "jna", 10, 14, 20)))
            .text();

    assertTrue(
        text.lines()
            .anyMatch(line -> line.matches(" +2 mine +2\\.00 +3\\.00 +1\\.50 +4\\.00 +2\\.00")),
        text);
    assertTrue(text.replace("\n", " ").endsWith("The largest in turn: 1.50 (pair on 2). "), text);
    assertTrue(text.lines().allMatch(line -> line.length() <= 80), text);
  }
}
