package org.jallocator.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.console.TextTable;
import org.jallocator.bench.page.Bars;
import org.jallocator.bench.page.Figure;

/** Two files of results, row by row. */
final class Comparison {

  private static final String JNA = "jna";

  /** Rows of one file alone that are named; the rest are counted. */
  private static final int MOST_NAMED = 10;

  private static final int COLOUR_BEFORE = 1;
  private static final int COLOUR_AFTER = 2;
  private static final int COLOUR_FASTER = 4;
  private static final int COLOUR_SLOWER = 6;

  private final ResultFile before;
  private final ResultFile after;

  /** The rows that both files have, by group, in the order of the later file. */
  private final Map<String, List<Row>> groups = new LinkedHashMap<>();

  /** Whether a difference is more than what the rounds of a run differ by. */
  enum Verdict {
    FASTER("faster"),
    SLOWER("slower"),
    WITHIN("no"),
    NOT_KNOWN("not known");

    private final String cell;

    Verdict(String cell) {
      this.cell = cell;
    }
  }

  /** A row of both files. */
  record Row(String name, Spread before, Spread after) {

    double ratio() {
      return after.median() / before.median();
    }

    Verdict verdict() {
      if (!hasSpread(before) || !hasSpread(after)) {
        return Verdict.NOT_KNOWN;
      }
      return after.low() > before.high()
          ? Verdict.SLOWER
          : after.high() < before.low() ? Verdict.FASTER : Verdict.WITHIN;
    }

    private static boolean hasSpread(Spread time) {
      return time.high() > time.low();
    }
  }

  /**
   * Compares two files.
   *
   * @throws BadInputException if no row is in both
   */
  Comparison(ResultFile before, ResultFile after) {
    this.before = before;
    this.after = after;
    after
        .times()
        .forEach(
            (key, time) -> {
              Spread old = before.times().get(key);
              if (old != null) {
                groups
                    .computeIfAbsent(key.group(), group -> new ArrayList<>())
                    .add(new Row(key.name(), old, time));
              }
            });
    if (groups.isEmpty()) {
      throw new BadInputException(
          "no row is in both files; compare two of the same command: %s has %s, %s has %s"
              .formatted(before.name(), groupsOf(before), after.name(), groupsOf(after)));
    }
  }

  private static String groupsOf(ResultFile file) {
    Set<String> titles =
        file.times().keySet().stream()
            .map(ResultFile.Key::group)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    return titles.stream().limit(3).collect(Collectors.joining(", "))
        + (titles.size() > 3 ? ", ..." : "");
  }

  /** {@return the figures} */
  ResultTable table() {
    ResultTable table =
        new ResultTable().columns("before\nns", "after\nns", "ratio", "beyond\nspread");
    groups.forEach(
        (title, rows) -> {
          table.group(title);
          for (Row row : rows) {
            table
                .stack(row.name, row.after)
                .decimal(row.before.median())
                .decimal(row.after.median())
                .decimal(row.ratio())
                .text(row.verdict().cell);
          }
        });
    return table;
  }

  /** {@return a picture for each group: two bars a row} */
  List<Figure> figures() {
    return figures(row -> true);
  }

  /** {@return the pictures of the rows that are slower or faster beyond the spread} */
  List<Figure> figuresBeyondTheSpread() {
    return figures(row -> row.verdict() == Verdict.SLOWER || row.verdict() == Verdict.FASTER);
  }

  private List<Figure> figures(Predicate<Row> shown) {
    List<Figure> figures = new ArrayList<>();
    ResultTable table = table();
    List<String> headings = new ArrayList<>(List.of(""));
    headings.addAll(table.headings());
    for (ResultTable.Group group : table.groups()) {
      List<Row> rows = Objects.requireNonNull(groups.get(group.title()), group.title());
      Bars bars = new Bars().inPairs();
      List<List<String>> cells = new ArrayList<>();
      for (int i = 0; i < rows.size(); i++) {
        Row row = rows.get(i);
        if (!shown.test(row)) {
          continue;
        }
        bars.add(
            group.rows().get(i).label(),
            "before: " + Bars.text(row.before),
            row.before,
            COLOUR_BEFORE);
        bars.add(words(row), "after: " + Bars.text(row.after), row.after, colour(row));
        List<String> line = new ArrayList<>(List.of(group.rows().get(i).label()));
        line.addAll(group.rows().get(i).cells());
        cells.add(line);
      }
      if (!cells.isEmpty()) {
        figures.add(bars.figure(group.title(), headings, cells));
      }
    }
    return figures;
  }

  private static String words(Row row) {
    String ratio = "ratio " + TextTable.decimal(row.ratio());
    return switch (row.verdict()) {
      case SLOWER -> ratio + ": slower";
      case FASTER -> ratio + ": faster";
      case WITHIN -> ratio + ": within the spread";
      case NOT_KNOWN -> ratio + ": spread not known";
    };
  }

  private static int colour(Row row) {
    return switch (row.verdict()) {
      case SLOWER -> COLOUR_SLOWER;
      case FASTER -> COLOUR_FASTER;
      case WITHIN, NOT_KNOWN -> COLOUR_AFTER;
    };
  }

  /** {@return how many rows are slower, faster and neither, in a sentence} */
  String lead() {
    Map<Verdict, Long> counts =
        groups.values().stream()
            .flatMap(List::stream)
            .collect(Collectors.groupingBy(Row::verdict, Collectors.counting()));
    return "Beyond the spread of the two runs: %d slower, %d faster. Within it: %d. Not known: %d."
        .formatted(
            counts.getOrDefault(Verdict.SLOWER, 0L),
            counts.getOrDefault(Verdict.FASTER, 0L),
            counts.getOrDefault(Verdict.WITHIN, 0L),
            counts.getOrDefault(Verdict.NOT_KNOWN, 0L));
  }

  /** {@return what there is to know of the figures: paragraphs, a line each} */
  String notes() {
    StringBuilder text =
        new StringBuilder(
            """
            ratio: after divided by before; above 1 is slower. beyond spread: slower or faster if the \
            spreads of the two runs do not overlap. Half of the rounds lie within the spread; in \
            reference the spread is the confidence interval of 99.9 %. Two runs of one build sometimes \
            differ by more than the spread: run again before you believe it.
            """);
    double[] jna =
        groups.values().stream()
            .flatMap(List::stream)
            .filter(row -> row.name.equals(JNA))
            .mapToDouble(Row::ratio)
            .filter(Double::isFinite)
            .toArray();
    if (jna.length > 0) {
      text.append(
          ("The rows of jna use none of our layers. They took %s times as long (the median of %d):"
                  + " that part of each ratio is the machine's.\n")
              .formatted(TextTable.decimal(Spread.of(jna).median()), jna.length));
    }
    differ(text, "processors", before.machine().processor(), after.machine().processor());
    differ(text, "JDKs", before.machine().jdk(), after.machine().jdk());
    onlyIn(text, before, after);
    onlyIn(text, after, before);
    return text.toString();
  }

  private static void differ(StringBuilder text, String what, String before, String after) {
    if (!before.equals(after)) {
      text.append("The %s differ: before %s, after %s.\n".formatted(what, before, after));
    }
  }

  private static void onlyIn(StringBuilder text, ResultFile file, ResultFile other) {
    List<String> rows =
        file.times().keySet().stream()
            .filter(key -> !other.times().containsKey(key))
            .map(key -> key.group() + ": " + key.name())
            .toList();
    if (!rows.isEmpty()) {
      text.append("Only in %s, %s:\n".formatted(file.name(), count(rows.size())));
      rows.stream().limit(MOST_NAMED).forEach(row -> text.append(row).append('\n'));
      if (rows.size() > MOST_NAMED) {
        text.append("and ").append(rows.size() - MOST_NAMED).append(" more\n");
      }
    }
  }

  private static String count(int rows) {
    return rows + (rows == 1 ? " row" : " rows");
  }
}
