package org.jallocator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.bench.console.Machine;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.natives.NativeRows;
import org.jallocator.bench.replay.Footprint;
import org.jallocator.bench.replay.ReplayReport;
import org.jallocator.bench.replay.ReplayResult;
import org.jallocator.bench.trace.Trace;
import org.jallocator.bench.trace.TraceBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class BenchTest {

  private static final String TIERS = "fallback(fixedblock(blockSize=64, pageSize=4KiB, jna), jna)";

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private CommandLine bench() {
    return Bench.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
  }

  private int run(String... arguments) {
    return bench().execute(arguments);
  }

  private String trace() throws IOException {
    return Files.writeString(
            directory.resolve("small.trace"), "0 m 1 16\n0 m 2 300\n0 r 1 3 40\n0 f 2\n")
        .toString();
  }

  private void assertRefused(String message, String... arguments) {
    assertEquals(2, run(arguments), err.toString());
    assertEquals("allocator-bench: " + message + System.lineSeparator(), err.toString());
    assertEquals("", out.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "replay",
        "reference",
        "threads",
        "mixed",
        "large",
        "jna",
        "report",
        "compare",
        "list",
        "jmh"
      })
  void everyCommandHasHelp(String command) {
    List<String> arguments = new ArrayList<>(command.isEmpty() ? List.of() : List.of(command));
    arguments.add("--help");

    assertEquals(0, run(arguments.toArray(String[]::new)));

    assertTrue(out.toString().startsWith("Usage: allocator-bench"), out.toString());
    assertTrue(out.toString().contains(command), out.toString());
  }

  @Test
  void versionNamesBenchAndJvm() {
    assertEquals(0, run("--version"));

    assertTrue(out.toString().startsWith("allocator-bench "), out.toString());
    assertTrue(out.toString().contains("Java " + Runtime.version()), out.toString());
  }

  @Test
  void withoutArgumentsItReplays() {
    CommandLine bench = bench();
    List<CommandLine.ParseResult> replays = new ArrayList<>();
    Objects.requireNonNull(bench.getSubcommands().get("replay"))
        .setExecutionStrategy(
            parsed -> {
              replays.add(parsed);
              return 0;
            });

    assertEquals(0, bench.execute());

    assertEquals(1, replays.size());
    assertTrue(replays.get(0).originalArgs().isEmpty());
  }

  @Test
  void replayPrintsATableAndWritesTheSameAsJson() throws IOException {
    Path json = directory.resolve("out.json");

    assertEquals(
        0,
        run("replay", "--stack", TIERS, "--repeat", "2", "--json", json.toString(), trace()),
        err.toString());

    List<?> rows = JSON.std.listFrom(Files.readString(json));
    assertEquals(2, rows.size());
    Map<?, ?> jna = assertInstanceOf(Map.class, rows.get(0));
    Map<?, ?> tiers = assertInstanceOf(Map.class, rows.get(1));
    assertEquals(
        "[trace, stack, operations, nanosPerOperation, nanosLow, nanosHigh, ratioToJna,"
            + " peakLiveBytes, peakReservedBytes, innerMallocs, processor, processors, jdk, commit,"
            + " command]",
        jna.keySet().toString());
    assertEquals("small", jna.get("trace"));
    assertEquals("jna", jna.get("stack"));
    assertEquals(5, jna.get("operations"));
    assertEquals(1.0, jna.get("ratioToJna"));
    assertEquals(356, jna.get("peakLiveBytes"));
    assertEquals(356, jna.get("peakReservedBytes"));
    assertEquals(3, jna.get("innerMallocs"));
    assertEquals(TIERS, tiers.get("stack"));
    assertEquals(4396, tiers.get("peakReservedBytes"));
    assertEquals(2, tiers.get("innerMallocs"));
    assertTrue(assertInstanceOf(Double.class, tiers.get("nanosPerOperation")) > 0);

    String table = out.toString();
    assertTrue(table.contains("\nsmall\n  1 jna  "), table);
    assertTrue(table.contains("\nsmall: 5 operations.\n"), table);
    assertTrue(table.contains("\n2 " + TIERS + "\n"), table);
    assertTrue(table.contains("median of 2 rounds"), table);
    Machine machine = Machine.here();
    assertTrue(table.startsWith(machine.processor()), table);
    assertEquals(machine.processor(), jna.get("processor"));
    assertEquals(machine.commit(), tiers.get("commit"));
    assertTrue(table.lines().allMatch(line -> line.length() <= 80), table);
  }

  @Test
  void traceOfSeveralThreadsSaysHowItWasReplayed() {
    TraceBuilder builder = new TraceBuilder();
    builder.malloc(0, 1, 64);
    builder.free(7, 1);
    Trace trace = builder.build("pair", 2);

    String text =
        new ReplayReport(
                List.of(
                    new ReplayResult(trace, "jna", Spread.exact(20), 1, Footprint.UNKNOWN, null)),
                1,
                NativeRows.NOT_ASKED)
            .text();

    assertTrue(
        text.replace("\n", " ")
            .endsWith(
                " pair: 2 operations; 2 threads, each replayed on one of its own; ns/op: elapsed"
                    + " time by all operations. "),
        text);
    assertTrue(text.contains("median of 1 round of"), text);
  }

  @Test
  void badInputIsOneLineAndExitCode2() throws IOException {
    String missing = directory.resolve("missing").toString();
    assertRefused("no such trace: " + missing + " (bundled: cc1, perl, sqlite)", "replay", missing);
  }

  @Test
  void malformedLineIsNamedByNumber() throws IOException {
    String bad = Files.writeString(directory.resolve("bad"), "0 m 1 16\n0 f 2\n").toString();
    assertRefused(bad + ":2: ID is none of a live block: ID=2, last ID=1", "replay", trace(), bad);
  }

  @Test
  void unwritableJsonIsFoundBeforeTheReplay() throws IOException {
    assertRefused(
        "--json is a directory: " + directory, "replay", "--json", "" + directory, trace());
  }

  @Test
  void stackThatCannotServeATraceIsNamedWithTheSize() throws IOException {
    String fixed = "fixedblock(blockSize=64, pageSize=4KiB, jna)";
    assertRefused(
        "stack cannot serve the trace: trace=small, largest size=300, maxSize of the stack=64,"
            + " stack="
            + fixed,
        "replay",
        "--stack",
        fixed,
        trace());
  }

  @Test
  void confinedStackIsRefusedATraceOfSeveralThreads() throws IOException {
    String fixed = "fixedblock(blockSize=64, pageSize=4KiB, jna)";
    String trace =
        Files.writeString(directory.resolve("two.trace"), "0 m 1 16\n1 f 1\n").toString();
    assertRefused(
        "stack is confined to one thread, and the trace has several; build it with shared=true:"
            + " trace=two, threads=2, stack="
            + fixed,
        "replay",
        "--stack",
        fixed,
        trace);
  }

  @Test
  void traceOfSeveralThreadsIsReplayedOnASharedStackUnlessOneIsNamed() throws IOException {
    String trace =
        Files.writeString(directory.resolve("two.trace"), "0 m 1 16\n1 f 1\n").toString();

    assertEquals(0, run("replay", "--repeat", "1", trace), err.toString());

    assertTrue(out.toString().contains("\n2 " + DefaultStacks.SHARED_CLASSES + "\n"), "" + out);
  }

  @Test
  void confinedStackIsRefusedTheWorkloadsForThreads() {
    String fixed = "fixedblock(blockSize=64, pageSize=4KiB, jna)";
    assertRefused(
        "stack is confined to one thread, and the workloads have several; build it with"
            + " shared=true: stack="
            + fixed,
        "threads",
        "--stack",
        fixed);
  }

  @Test
  void unknownWorkloadIsRefusedWithThoseThatThereAre() {
    assertEquals(2, run("threads", "--workload", "pairs"));

    assertTrue(
        err.toString()
            .startsWith("allocator-bench: no such workload: pairs (on this JDK: pair, pair-"),
        err.toString());
  }

  @Test
  void stackThatIsTooSmallForTheWorkloadsIsRefused() {
    assertRefused(
        "stack cannot serve the workloads: largest size=64, maxSize of the stack=32,"
            + " stack=fixedblock(blockSize=32, jna)",
        "mixed",
        "--stack",
        "fixedblock(blockSize=32, jna)");
  }

  @Test
  void reportRefusesWhatDoesNotMeasure() {
    assertRefused(
        "--only is no command that measures: list (replay, reference, threads, mixed, large, jna);"
            + " see allocator-bench report --help",
        "report",
        "--only",
        "list");
  }

  @Test
  void helpHasNoColoursWhereThereIsNoTerminal() {
    assertEquals(0, run("replay", "--help"));

    assertFalse(out.toString().contains("\u001b"), out.toString());
  }

  @Test
  void unwritablePageIsFoundBeforeTheReplay() throws IOException {
    assertRefused(
        "--html is a directory: " + directory, "replay", "--html", "" + directory, trace());
  }

  @Test
  void unknownStackIsExplained() throws IOException {
    assertEquals(2, run("replay", "--stack", "fixedblok(jna)", trace()));

    assertTrue(
        err.toString().startsWith("allocator-bench: Unknown allocator 'fixedblok'"),
        err.toString());
    assertFalse(err.toString().contains("\tat "), err.toString());
    assertEquals("", out.toString());
  }

  @Test
  void stackMayBeANameInsteadOfAnArgumentFile() throws IOException {
    assertEquals(2, run("replay", "--stack", "@nonesuch", trace()));

    assertTrue(err.toString().contains("nonesuch"), err.toString());
    assertFalse(err.toString().contains("Unknown option"), err.toString());
  }

  @Test
  void wrongUseNamesTheCommandsHelp() {
    assertRefused(
        "--repeat is too small: repeat=0, limit=1; see allocator-bench replay --help",
        "replay",
        "--repeat",
        "0");
  }

  @Test
  void numberOfThreadsIsAtLeastOne() {
    assertRefused(
        "--threads is too small: threads=0, limit=1; see allocator-bench jna --help",
        "jna",
        "--threads",
        "0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"replai", "--nonesuch", "replay --repeat x", "replay --stack", "list x"})
  void wrongUseIsOneLineAndExitCode2(String line) {
    assertEquals(2, run(line.split(" ")));

    assertEquals(1, err.toString().lines().count(), err.toString());
    assertTrue(err.toString().startsWith("allocator-bench: "), err.toString());
    assertTrue(err.toString().strip().endsWith(" --help"), err.toString());
    assertEquals("", out.toString());
  }

  @Test
  void listNamesProvidersWithTheirOptions() {
    assertEquals(0, run("list"));

    String text = out.toString();
    for (String provider : List.of("arena", "fallback", "fixedblock", "jna")) {
      assertTrue(text.lines().anyMatch(line -> line.startsWith(provider + ": ")), text);
    }
    assertTrue(text.lines().anyMatch(line -> line.startsWith("    blockSize  size  ")), text);
    assertTrue(text.contains("    inner layer: primary, which must be owning"), text);
    assertTrue(text.contains("    a leaf: no inner layer"), text);
    assertTrue(text.lines().anyMatch(line -> line.startsWith("    bytes   size  none ")), text);
    assertTrue(text.lines().allMatch(line -> line.length() <= 80), text);
  }

  @Test
  void sizesArePrintedInTheLargestUnitThatLeavesNoRest() {
    assertEquals("0", ListCommand.size(0));
    assertEquals("1023", ListCommand.size(1023));
    assertEquals("1KiB", ListCommand.size(1024));
    assertEquals("1025", ListCommand.size(1025));
    assertEquals("48KiB", ListCommand.size(48 << 10));
    assertEquals("3MiB", ListCommand.size(3 << 20));
    assertEquals("4096GiB", ListCommand.size(1L << 42));
  }

  @Test
  void jmhTakesJmhsOwnArguments() {
    PrintStream stdout = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      assertEquals(0, run("jmh", "-l"));
      assertEquals(0, run("jmh", "-h"));
    } finally {
      System.setOut(stdout);
    }

    String text = printed.toString(StandardCharsets.UTF_8);
    assertTrue(text.contains("CgoallocBenchmark.growShrink"), text);
    assertTrue(text.contains("-prof <profiler>"), text);
    assertEquals("", err.toString());
  }

  @Test
  void jmhRefusesWhatJmhDoesNotKnow() {
    assertRefused("jmh: foo is not a recognized option", "jmh", "--foo");
  }

  @Test
  void jmhRefusesABenchmarkThatIsNotThere() {
    assertRefused("jmh: no benchmark matches: nonesuch -f 1", "jmh", "nonesuch", "-f", "1");
  }
}
