package org.jallocator.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jallocator.bench.console.Machine;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.Spread;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class CommonOptionsTest {

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();

  /** A report that took no time. */
  private record Fake(String title) implements Report {

    @Override
    public String lead() {
      return "Lead of " + title;
    }

    @Override
    public ResultTable table() {
      ResultTable table = new ResultTable().columns("ns/op");
      table.group("work");
      table.stack("jna", Spread.exact(20)).decimal(20);
      return table;
    }

    @Override
    public String notes() {
      return "A note.\n";
    }

    @Override
    public List<Map<String, @Nullable Object>> json() {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("nanos", 20);
      return List.of(row);
    }
  }

  /** Reports two of them. */
  @Command(name = "two")
  private final class Two implements Callable<Integer> {

    @Mixin private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
      return common.report(
          List.<CommonOptions.Measuring<RuntimeException>>of(
              () -> new Fake("One"), () -> new Fake("Other")),
          directory.resolve("default.html").toString());
    }
  }

  private void run(String... arguments) {
    int exit =
        new CommandLine(new Two())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(Writer.nullWriter()))
            .execute(arguments);
    assertEquals(0, exit);
  }

  @Test
  void severalReportsStandOnOnePage() throws IOException {
    Path page = directory.resolve("page.html");

    run("--html", page.toString(), "--quick");

    String markup = Files.readString(page);
    assertTrue(markup.contains("<a href=\"#part1\">Other</a>"), markup);
    assertTrue(markup.contains("<h2>One</h2>\n<p>Lead of One</p>"), markup);
    Machine machine = Machine.here();
    assertTrue(markup.contains("<dt>Commit</dt><dd>" + machine.commit() + "</dd>"), markup);
    assertTrue(markup.contains(machine.processor()), markup);
    assertTrue(markup.contains("<dd>allocator-bench --html " + page + " --quick</dd>"), markup);
  }

  @Test
  void pageGoesWhereTheCommandSaysIfTheUserDoesNot() {
    run();

    assertTrue(Files.isRegularFile(directory.resolve("default.html")));
  }

  @Test
  void textHasTheMachineOnceAndEveryTable() {
    run();

    String text = out.toString();
    assertTrue(text.startsWith(Machine.here().processor()), text);
    assertEquals(2, text.split("; commit", -1).length, text);
    assertTrue(text.contains("\nOne\n\n") && text.contains("\nOther\n\n"), text);
  }

  @Test
  void rowsOfAllReportsAreOneArray() throws IOException {
    Path json = directory.resolve("rows.json");

    run("--json", json.toString());

    List<?> rows = JSON.std.listFrom(Files.readString(json));
    assertEquals(2, rows.size());
    assertEquals(
        "[report, nanos, processor, processors, jdk, commit, command]",
        ((Map<?, ?>) rows.get(1)).keySet().toString());
    assertEquals("Other", ((Map<?, ?>) rows.get(1)).get("report"));
    assertEquals("allocator-bench --json " + json, ((Map<?, ?>) rows.get(1)).get("command"));
  }
}
