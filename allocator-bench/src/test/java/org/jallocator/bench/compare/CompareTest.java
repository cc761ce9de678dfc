package org.jallocator.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jallocator.bench.Bench;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command {@code compare} says of two files. */
final class CompareTest {

  private static final String LONG =
      "fallback(fixedblock(blockSize=64, pageSize=64KiB, shared=true, jna), large(shared=true, jna))";

  /** Bars of the two colours that stand for a difference. */
  private static final String SLOWER = "class=\"bar s6\"";

  private static final String FASTER = "class=\"bar s4\"";

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final List<Map<String, @Nullable Object>> rows = new ArrayList<>();

  private int compare(String... arguments) {
    List<String> all = new ArrayList<>(List.of("compare"));
    all.addAll(List.of(arguments));
    return Bench.commandLine()
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(all.toArray(String[]::new));
  }

  private Map<String, @Nullable Object> row(String workload, String stack) {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("workload", workload);
    row.put("stack", stack);
    rows.add(row);
    return row;
  }

  /** Adds a row as replay and threads write them. */
  private void rounds(String workload, String stack, double median, double low, double high) {
    Map<String, @Nullable Object> row = row(workload, stack);
    row.put("threads", 2);
    row.put("nanosPerOperation", median);
    row.put("nanosLow", low);
    row.put("nanosHigh", high);
  }

  /** Writes the rows so far, measured on a processor, and forgets them. */
  private String file(String name, String processor) throws IOException {
    for (Map<String, @Nullable Object> row : rows) {
      row.put("processor", processor);
      row.put("processors", 2);
      row.put("jdk", "17");
      row.put("commit", "c-" + name);
      row.put("command", "allocator-bench run " + name);
    }
    Path file =
        Files.writeString(
            directory.resolve(name),
            JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(rows));
    rows.clear();
    return file.toString();
  }

  private String text(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  private void assertRefused(String message, String... arguments) {
    assertEquals(2, compare(arguments), err.toString());
    assertEquals("allocator-bench: " + message + System.lineSeparator(), err.toString());
    assertEquals("", out.toString());
  }

  private String line(String name) {
    return out.toString()
        .lines()
        .filter(line -> line.startsWith("  ") && line.contains(name))
        .findFirst()
        .orElse("")
        .strip()
        .replaceAll(" +", " ");
  }

  private void assertFitsTheTerminal() {
    assertTrue(
        out.toString()
            .lines()
            .filter(line -> !line.contains(directory.toString())) // a path is not broken
            .allMatch(line -> line.length() <= 80),
        out.toString());
  }

  private String[] runsWithARegression() throws IOException {
    rounds("pair", "jna", 20, 19, 21);
    rounds("pair", LONG, 5, 4.8, 5.2);
    rounds("pair", "quick", 9, 8.5, 9.5);
    rounds("pair", "noisy", 7, 6, 9);
    rounds("pair", "bad", 7, 6, 8);
    String before = file("before.json", "Intel");
    rounds("pair", "jna", 20.4, 19, 21);
    rounds("pair", LONG, 6, 5.7, 6.3);
    rounds("pair", "quick", 4.5, 4, 5);
    rounds("pair", "noisy", 8.4, 7, 10);
    rounds("pair", "bad", 14, 12, 16);
    return new String[] {before, file("after.json", "Intel")};
  }

  @Test
  void regressionBeyondTheSpreadIsCalledSlower() throws IOException {
    assertEquals(0, compare(runsWithARegression()), err.toString());

    assertEquals("1 jna 20.00 20.40 1.02 no", line("1 jna"));
    assertTrue(line("2 fallback(").endsWith("5.00 6.00 1.20 slower"), out.toString());
    assertEquals("3 quick 9.00 4.50 0.50 faster", line("3 quick"));
    assertEquals("4 noisy 7.00 8.40 1.20 no", line("4 noisy"));
    String text = out.toString();
    assertTrue(text.contains("\npair, 2 threads\n"), text);
    assertTrue(text.contains("\nIntel, 2 processors; JDK 17; commit c-before.json\n"), text);
    assertTrue(text.contains("\nallocator-bench run after.json\n"), text);
    assertTrue(
        text.replace("\n", " ").contains("2 slower, 1 faster. Within it: 2. Not known: 0."), text);
    assertTrue(text.replace("\n", " ").contains("took 1.02 times as long (the median of 1)"), text);
    assertFalse(text.contains("differ:"), text);
    assertFitsTheTerminal();
  }

  @Test
  void spreadsThatTouchAreNoDifference() throws IOException {
    rounds("pair", "up", 5, 4, 6);
    rounds("pair", "down", 5, 4, 6);
    String before = file("before.json", "Intel");
    rounds("pair", "up", 7, 6, 8);
    rounds("pair", "down", 3, 2, 4);

    assertEquals(0, compare(before, file("after.json", "Intel")), err.toString());

    assertEquals("1 up 5.00 7.00 1.40 no", line("up"));
    assertEquals("2 down 5.00 3.00 0.60 no", line("down"));
  }

  @Test
  void errorOfAMeanIsItsSpread() throws IOException {
    row("grow", "one").putAll(Map.of("nanosPerOperation", 10, "errorNanos", 1));
    row("grow", "other").putAll(Map.of("nanosPerOperation", 10, "errorNanos", 1));
    String before = file("before.json", "Intel");
    row("grow", "one").putAll(Map.of("nanosPerOperation", 12, "errorNanos", 1.5));
    row("grow", "other").putAll(Map.of("nanosPerOperation", 12, "errorNanos", 0.5));

    assertEquals(0, compare(before, file("after.json", "Intel")), err.toString());

    assertEquals("1 one 10.00 12.00 1.20 no", line("one"));
    assertEquals("2 other 10.00 12.00 1.20 slower", line("other"));
  }

  @Test
  void rowWithoutASpreadIsNotJudged() throws IOException {
    row("made", "jna").put("nanosPerOperation", 10);
    row("made", "none").put("nanosPerOperation", null);
    row("unmade", "jna").put("nanosPerOperation", null);
    String before = file("before.json", "Intel");
    row("made", "jna").put("nanosPerOperation", 30);
    row("made", "none").put("nanosPerOperation", 7);
    row("unmade", "jna").put("nanosPerOperation", 0);
    Path page = directory.resolve("page.html");

    assertEquals(
        0, compare(before, file("after.json", "Intel"), "--html", page.toString()), err.toString());

    assertEquals("1 jna 10.00 30.00 3.00 not known", line("jna"));
    assertEquals("2 none - 7.00 - not known", line("none"));
    assertTrue(
        out.toString().replace("\n", " ").contains("3.00 times as long (the median of 1)"),
        "" + out);
    assertTrue(Files.readString(page).contains("ratio 3.00: spread not known"));
  }

  @Test
  void machinesThatDifferAreNamed() throws IOException {
    rounds("pair", "jna", 20, 19, 21);
    String before = file("before.json", "Intel");
    rounds("pair", "jna", 20, 19, 21);
    Path after = Path.of(file("after.json", "AMD"));
    Files.writeString(after, Files.readString(after).replace("\"17\"", "\"25\""));

    assertEquals(0, compare(before, after.toString()), err.toString());

    String text = out.toString();
    assertTrue(text.contains("\nThe processors differ: before Intel, after AMD.\n"), text);
    assertTrue(text.contains("\nThe JDKs differ: before 17, after 25.\n"), text);
  }

  @Test
  void fileOfAnOlderVersionIsOfAnUnknownMachine() throws IOException {
    String old =
        text("old.json", "[{\"trace\": \"t\", \"stack\": \"s\", \"nanosPerOperation\": 5}]");

    assertEquals(0, compare(old, old), err.toString());

    assertTrue(
        out.toString()
            .contains("\nunknown, 0 processors; JDK unknown; commit unknown\nunknown\nafter: "),
        "" + out);
  }

  @Test
  void rowsAreInTheOrderOfTheLaterFileByThreads() throws IOException {
    for (int threads : new int[] {1, 2}) {
      row("made", "jna").putAll(Map.of("threads", threads, "nanosPerOperation", 10));
    }
    String before = file("before.json", "Intel");
    for (int threads : new int[] {2, 1}) {
      row("made", "jna").putAll(Map.of("threads", threads, "nanosPerOperation", 20 * threads));
    }

    assertEquals(0, compare(before, file("after.json", "Intel")), err.toString());

    String text = out.toString().replaceAll(" +", " ");
    int two = text.indexOf("made, 2 threads\n 1 jna 10.00 40.00 4.00 not known\n");
    int one = text.indexOf("made, 1 thread\n 1 jna 10.00 20.00 2.00 not known\n");
    assertTrue(two > 0 && one > two, text);
  }

  @Test
  void rowsOfEveryCommandHaveATimeAndItsSpread() throws IOException {
    for (int factor : new int[] {1, 2}) {
      row("malloc", "unused").remove("stack");
      rows.get(0).putAll(Map.of("variant", "scope", "nanosPerOperation", 10 * factor));
      row("mixed", "each")
          .putAll(
              Map.of("inTurnNanos", 8 * factor, "inTurnLow", 7 * factor, "inTurnHigh", 9 * factor));
      row("large", "big")
          .putAll(
              Map.of(
                  "nanosPerBlock",
                  800 * factor,
                  "nanosLow",
                  700 * factor,
                  "nanosHigh",
                  900 * factor));
      file("run" + factor, "Intel");
    }

    assertEquals(
        0,
        compare(directory.resolve("run1").toString(), directory.resolve("run2").toString()),
        err.toString());

    assertEquals("1 scope 10.00 20.00 2.00 not known", line("scope"));
    assertEquals("2 each 8.00 16.00 2.00 slower", line("each"));
    assertEquals("3 big 800.00 1,600.00 2.00 slower", line("big"));
  }

  @Test
  void rowsOfOneFileAloneAreNamedAndTheRestIsCompared() throws IOException {
    rounds("pair", "jna", 20, 19, 21);
    rounds("pair", "gone", 20, 19, 21);
    String before = file("before.json", "Intel");
    rounds("pair", "jna", 20, 19, 21);
    for (int i = 0; i < 12; i++) {
      row("large", "new" + i).put("nanosPerBlock", 1000);
    }
    String after = file("after.json", "Intel");

    assertEquals(0, compare(before, after), err.toString());

    String text = out.toString().replaceAll("\\s+", " ");
    assertTrue(text.contains("Only in " + before + ", 1 row: pair, 2 threads: gone"), text);
    assertTrue(text.contains("Only in " + after + ", 12 rows: large: new0 large: new1 "), text);
    assertTrue(text.endsWith("large: new9 and 2 more "), text);
    assertFitsTheTerminal();
  }

  @Test
  void fileOfAllReportsIsComparedWithThatOfOneCommand() throws IOException {
    rounds("pair", "jna", 20, 19, 21);
    rows.get(0).put("report", "Threads");
    String before = file("before.json", "Intel");
    rounds("pair", "jna", 30, 29, 31);

    assertEquals(0, compare(before, file("after.json", "Intel")), err.toString());

    assertEquals("1 jna 20.00 30.00 1.50 slower", line("jna"));
  }

  @Test
  void filesOfDifferentCommandsAreRefused() throws IOException {
    rounds("pair", "jna", 20, 19, 21);
    String before = file("before.json", "Intel");
    Map<String, @Nullable Object> row = row("mixed", "jna");
    row.put("aloneNanos", 5);
    row.put("inTurnNanos", 5);
    String after = file("after.json", "Intel");

    assertRefused(
        "no row is in both files; compare two of the same command: "
            + before
            + " has pair, 2 threads, "
            + after
            + " has mixed",
        before,
        after);
  }

  @Test
  void threeGroupsOfAFileThatDoesNotFitAreNamed() throws IOException {
    for (String workload : List.of("a", "b", "c", "d")) {
      row(workload, "jna").put("nanosPerOperation", 5);
    }
    String before = file("before.json", "Intel");
    for (String workload : List.of("e", "f", "g")) {
      row(workload, "jna").put("nanosPerOperation", 5);
    }
    String after = file("after.json", "Intel");

    assertRefused(
        "no row is in both files; compare two of the same command: "
            + before
            + " has a, b, c, ..., "
            + after
            + " has e, f, g",
        before,
        after);
  }

  @Test
  void brokenFileIsNamedWithThePlace() throws IOException {
    rounds("pair", "jna", 20, 19, 21);
    String good = file("good.json", "Intel");
    String cut = text("cut.json", "[\n  {\"workload\": \"pair\",\n");
    assertEquals(2, compare(good, cut));
    assertTrue(err.toString().startsWith("allocator-bench: " + cut + ":3:1: not JSON: "), "" + err);
    assertEquals(1, err.toString().lines().count(), err.toString());
  }

  @Test
  void rowThatIsNoneIsNamedByItsNumber() throws IOException {
    String start = "[{\"trace\": \"t\", \"stack\": \"s\", \"nanosPerOperation\": 5}, ";
    String number = text("number.json", start + "7]");
    assertRefused(number + ": row 2: not an object: 7", number, number);
  }

  @Test
  void rowWithoutAWorkloadIsNamedByItsNumber() throws IOException {
    String file = text("file.json", "[{\"stack\": \"s\", \"nanosPerOperation\": 5}]");
    assertRefused(file + ": row 1: no workload and no trace", file, file);
  }

  @Test
  void rowWithoutATimeIsNamedByItsNumber() throws IOException {
    String file = text("file.json", "[{\"trace\": \"t\", \"stack\": \"s\"}]");
    assertRefused(
        file + ": row 1: no time: none of nanosPerOperation, nanosPerBlock, inTurnNanos",
        file,
        file);
  }

  @Test
  void timeThatIsNoNumberIsNamedByItsRow() throws IOException {
    String file =
        text(
            "file.json", "[{\"trace\": \"t\", \"stack\": \"s\", \"nanosPerOperation\": \"fast\"}]");
    assertRefused(file + ": row 1: not a time: nanosPerOperation=fast", file, file);
  }

  @Test
  void negativeTimeIsNamedByItsRow() throws IOException {
    row("made", "jna").put("nanosPerOperation", -1);
    String file = file("file.json", "Intel");
    assertRefused(file + ": row 1: not a time: nanosPerOperation=-1", file, file);
  }

  @Test
  void rowThatComesTwiceIsNamedByItsNumber() throws IOException {
    rounds("pair", "jna", 20, 19, 21);
    rounds("pair", "jna", 20, 19, 21);
    String file = file("twice.json", "Intel");
    assertRefused(file + ": row 2: a second row of pair, 2 threads, jna", file, file);
  }

  @Test
  void fileThatIsNotThereIsNamed() {
    String missing = directory.resolve("missing.json").toString();
    assertRefused("no such file: " + missing, missing, missing);
  }

  @Test
  void directoryCannotBeRead() {
    assertRefused(directory + ": cannot be read: IO", directory.toString(), directory.toString());
  }

  @Test
  void fileOfNoRowsAndFileOfNoArrayAreRefused() throws IOException {
    String empty = text("empty.json", "[]");
    assertRefused(empty + ": no rows", empty, empty);
    err.getBuffer().setLength(0);
    String object = text("object.json", "{\"a\": 1}");
    assertRefused(object + ": not an array of rows, as --json writes it", object, object);
  }

  @Test
  void pageHasBothRunsInWordsBesideTheColours() throws IOException {
    String[] files = runsWithARegression();
    Path page = directory.resolve("page.html");

    assertEquals(0, compare(files[0], files[1], "--html", page.toString()), err.toString());

    String markup = Files.readString(page);
    assertTrue(markup.contains("before: 5.00 ns (4.80 ns to 5.20 ns)"), markup);
    assertTrue(markup.contains("after: 6.00 ns (5.70 ns to 6.30 ns)"), markup);
    assertTrue(markup.contains("ratio 1.20: slower"), markup);
    assertTrue(markup.contains("ratio 0.50: faster"), markup);
    assertTrue(markup.contains("ratio 1.02: within the spread"), markup);
    assertTrue(markup.contains("<td>slower</td>"), markup);
    assertTrue(markup.contains("commit c-after.json"), markup);
    assertTrue(markup.contains("<code>" + LONG + "</code>"), markup);
    assertEquals(
        2, markup.split("class=\"bars pairs\"", -1).length - 1, "what changed, and all rows");
    int changed = markup.indexOf("<h2>What changed</h2>");
    int all = markup.indexOf("<h2>All rows</h2>");
    assertTrue(changed > 0 && all > changed, markup);
    String changes = markup.substring(changed, all);
    assertFalse(changes.contains("1 jna"), "jna did not change");
    assertTrue(changes.contains("ratio 1.20: slower"), changes);
    assertTrue(changes.contains("ratio 0.50: faster"), changes);
    assertTrue(changes.contains("2 slower, 1 faster."), changes);
    assertEquals(1, count(markup, "2 slower, 1 faster."), "the counts once");
    assertEquals(2, count(changes, SLOWER), changes);
    assertEquals(1, count(changes, FASTER), changes);
    assertEquals(2, count(markup.substring(all), SLOWER), markup);
    assertTrue(
        changes.contains("<span class=\"bar s1\" style=\"width:43.75%\">"), "7 of 16, before");
    assertTrue(markup.contains("<p class=\"note\">ratio: after divided by before"), markup);
    assertFalse(markup.contains("class=\"dot"), "the colours are not those of the stacks");
    assertFalse(markup.contains("http:") || markup.contains("https:"), markup);
    assertEquals("page: " + page, err.toString().strip());
  }

  @Test
  void pageOfOneRunAndItselfHasNoChange() throws IOException {
    String file = runsWithARegression()[0];
    Path page = directory.resolve("page.html");

    assertEquals(0, compare(file, file, "--html", page.toString()), err.toString());

    String markup = Files.readString(page);
    assertFalse(markup.contains("What changed"), markup);
    assertTrue(markup.contains("0 slower, 0 faster. Within it: 5. Not known: 0."), markup);
    assertEquals(0, count(markup, SLOWER) + count(markup, FASTER), markup);
  }

  @Test
  void pageHasOnlyGroupsThatChangedUnderWhatChanged() throws IOException {
    rounds("same", "jna", 20, 19, 21);
    rounds("pair", "jna", 20, 19, 21);
    String before = file("before.json", "Intel");
    rounds("same", "jna", 20, 19, 21);
    rounds("pair", "jna", 30, 29, 31);
    Path page = directory.resolve("page.html");

    assertEquals(
        0, compare(before, file("after.json", "Intel"), "--html", page.toString()), err.toString());

    String markup = Files.readString(page);
    assertEquals(1, count(markup, "<figcaption>same, 2 threads</figcaption>"), markup);
    assertEquals(2, count(markup, "<figcaption>pair, 2 threads</figcaption>"), markup);
  }
}
