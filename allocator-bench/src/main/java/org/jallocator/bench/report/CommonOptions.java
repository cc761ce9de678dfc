package org.jallocator.bench.report;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jallocator.bench.console.Machine;
import org.jallocator.bench.console.OutputFile;
import org.jallocator.bench.console.TextTable;
import org.jallocator.bench.page.Page;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of every command that measures, and what is done with its reports. */
public final class CommonOptions {

  /** Continues what a command's help says of JSON. */
  public static final String JSON_KEYS =
      " Each row ends with processor, processors, jdk, commit, command. The page of --html has the same"
          + " figures as pictures, with tables behind them.";

  /** What the title of a page begins with. */
  public static final String PAGE_TITLE = "allocator-bench";

  @Option(
      names = "--quick",
      description = "Few and short rounds: for a first look, not for a claim.")
  private boolean quick;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the results there too.")
  private @Nullable String json;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write a page of the results there too; it asks for nothing from anywhere.")
  private @Nullable String html;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /**
   * Measures.
   *
   * @param <E> what may go wrong
   */
  public interface Measuring<E extends Exception> {
    Report measure() throws E;
  }

  public boolean quick() {
    return quick;
  }

  public PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /**
   * Measures and shows the report in every form that is asked for. A file that cannot be written is
   * found before anything is measured.
   *
   * @return the exit code
   */
  public <E extends Exception> int report(Measuring<E> work) throws E {
    return show(List.of(work), html);
  }

  /**
   * The same for several reports, one after another, on one page.
   *
   * @param defaultPage where the page goes unless {@code --html} says where
   */
  public <E extends Exception> int report(List<Measuring<E>> works, String defaultPage) throws E {
    return show(works, html == null ? defaultPage : html);
  }

  private <E extends Exception> int show(List<Measuring<E>> works, @Nullable String page) throws E {
    try (OutputFile rowsFile = OutputFile.open("--json", json);
        OutputFile pageFile = OutputFile.open("--html", page)) {
      PrintWriter out = spec.commandLine().getOut();
      Machine machine = Machine.here();
      List<Report> reports = new ArrayList<>();
      for (Measuring<E> work : works) {
        Report report = work.measure();
        out.print(reports.isEmpty() ? TextTable.paragraphs(machine.line()) : "");
        out.print("\n" + (works.size() > 1 ? report.title() + "\n\n" : "") + report.text());
        out.flush();
        reports.add(report);
      }
      if (rowsFile != null) {
        rowsFile.write(rows(machine, command(spec), reports));
      }
      if (pageFile != null) {
        pageFile.write(page(machine, reports));
        err().println("page: " + page);
        err().flush();
      }
    }
    return 0;
  }

  private static List<Map<String, @Nullable Object>> rows(
      Machine machine, String command, List<Report> reports) {
    List<Map<String, @Nullable Object>> all = new ArrayList<>();
    for (Report report : reports) {
      for (Map<String, @Nullable Object> row : report.json()) {
        Map<String, @Nullable Object> complete = new LinkedHashMap<>();
        if (reports.size() > 1) {
          complete.put("report", report.title());
        }
        complete.putAll(row);
        complete.putAll(machine.json());
        complete.put("command", command);
        all.add(complete);
      }
    }
    return all;
  }

  private String page(Machine machine, List<Report> reports) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("Command", command(spec));
    facts.put("Processor", machine.processor() + ", " + machine.processors() + " usable");
    facts.put("JDK", machine.jdk());
    facts.put("Commit", machine.commit());
    Page page = new Page(PAGE_TITLE + ": " + spec.name(), facts);
    for (Report report : reports) {
      page.add(
          new Page.Section(
              report.title(),
              report.lead(),
              report.figures(),
              new Page.Legend(report.table().legend(), true),
              report.notes().lines().toList()));
    }
    return page.markup();
  }

  /** {@return what was typed} An argument with a blank or a bracket stands in quotes. */
  public static String command(CommandSpec spec) {
    StringBuilder text = new StringBuilder(PAGE_TITLE);
    CommandLine.ParseResult parsed = spec.commandLine().getParseResult();
    if (parsed != null) {
      for (String argument : parsed.originalArgs()) {
        text.append(' ').append(argument.matches("[\\w./=@:-]+") ? argument : "'" + argument + "'");
      }
    }
    return text.toString();
  }
}
