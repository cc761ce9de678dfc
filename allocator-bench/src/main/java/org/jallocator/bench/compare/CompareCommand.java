package org.jallocator.bench.compare;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jallocator.bench.console.OutputFile;
import org.jallocator.bench.console.TextTable;
import org.jallocator.bench.page.Figure;
import org.jallocator.bench.page.Page;
import org.jallocator.bench.report.CommonOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sets two files of results beside each other. */
@Command(
    name = CompareCommand.NAME,
    mixinStandardHelpOptions = true,
    description = "Compares two files that --json wrote: what became slower, what faster.",
    footer = {
      "",
      "Rows of the same workload, threads and stack are compared by their time; of mixed, by the"
          + " one in turn. A file of report has the rows of all commands. Those of the releases are"
          + " in docs/benchmarks.",
      "",
      "Nothing is measured. A slower row is no error: the exit code is 0."
    })
public final class CompareCommand implements Callable<Integer> {

  public static final String NAME = "compare";

  /** Continues the lead of the first section. */
  private static final String SPREAD = " The thin line is the spread.";

  @Parameters(index = "0", paramLabel = "BEFORE", description = "The file of the earlier run.")
  private String before = "";

  @Parameters(index = "1", paramLabel = "AFTER", description = "The file of the later run.")
  private String after = "";

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write a page of the results there too; it asks for nothing from anywhere.")
  private @Nullable String html;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    ResultFile older = ResultFile.read(before);
    ResultFile newer = ResultFile.read(after);
    Comparison comparison = new Comparison(older, newer);
    try (OutputFile page = OutputFile.open("--html", html)) {
      PrintWriter out = spec.commandLine().getOut();
      out.print(TextTable.paragraphs(facts(older, newer)));
      out.print("\n" + comparison.table().render());
      out.print("\n" + TextTable.paragraphs(comparison.lead() + "\n" + comparison.notes()));
      out.flush();
      if (page != null) {
        page.write(page(older, newer, comparison));
        spec.commandLine().getErr().println("page: " + html);
        spec.commandLine().getErr().flush();
      }
    }
    return 0;
  }

  private static String facts(ResultFile older, ResultFile newer) {
    return "before: %s\n%s\n%s\nafter: %s\n%s\n%s"
        .formatted(
            older.name(),
            older.machine().line(),
            older.command(),
            newer.name(),
            newer.machine().line(),
            newer.command());
  }

  private static void put(Map<String, String> facts, String name, ResultFile file) {
    facts.put(name, file.name());
    facts.put(name + ": command", file.command());
    facts.put(name + ": machine", file.machine().line());
  }

  private String page(ResultFile older, ResultFile newer, Comparison comparison) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("Command", CommonOptions.command(spec));
    put(facts, "Before", older);
    put(facts, "After", newer);
    Page page = new Page(CommonOptions.PAGE_TITLE + ": " + NAME, facts);
    Page.Legend legend = new Page.Legend(comparison.table().legend(), false);
    List<Figure> beyond = comparison.figuresBeyondTheSpread();
    String lead = comparison.lead() + SPREAD;
    if (!beyond.isEmpty()) {
      page.add(new Page.Section("What changed", lead, beyond, legend, List.of()));
    }
    page.add(
        new Page.Section(
            "All rows",
            beyond.isEmpty() ? lead : "The same rows and the others.",
            comparison.figures(),
            legend,
            comparison.notes().lines().toList()));
    return page.markup();
  }
}
