package org.jallocator.bench.page;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.Spread;
import org.jallocator.bench.console.TextTable;

/**
 * Bars beside their names and numbers: a list that reads without its colours, and without its bars.
 */
public final class Bars {

  private static final double MICRO = 1e3;
  private static final double MILLI = 1e6;

  private final List<Bar> bars = new ArrayList<>();
  private String type = "bars";

  /**
   * One of them.
   *
   * @param name what it is of
   * @param text its number, in words
   * @param value its length; low and high are its spread
   * @param series chooses its colour
   */
  private record Bar(String name, String text, Spread value, int series) {}

  /** Adds a bar. */
  public Bars add(String name, String text, Spread value, int series) {
    bars.add(new Bar(name, text, value, series));
    return this;
  }

  /** Sets each two bars apart from the next two. */
  public Bars inPairs() {
    type = "bars pairs";
    return this;
  }

  /** Puts each bar on one line with its name and number, which then must be short. */
  public Bars onOneLine() {
    type = "bars brief";
    return this;
  }

  /** {@return a figure for each group of a table whose rows have times, with the group as table} */
  public static List<Figure> of(ResultTable table) {
    List<Figure> figures = new ArrayList<>();
    List<String> headings = new ArrayList<>(List.of(""));
    headings.addAll(table.headings());
    for (ResultTable.Group group : table.groups()) {
      Bars bars = new Bars();
      List<List<String>> rows = new ArrayList<>();
      ResultTable.Row first = null;
      for (ResultTable.Row row : group.rows()) {
        List<String> cells = new ArrayList<>(List.of(row.label()));
        cells.addAll(row.cells());
        rows.add(cells);
        Spread time = row.time();
        if (time != null) {
          first = first == null ? row : first;
          bars.add(row.label(), text(row, table.compares() ? first : row), time, row.series());
        }
      }
      if (first != null) {
        figures.add(bars.figure(group.title(), headings, rows));
      }
    }
    return figures;
  }

  private static String text(ResultTable.Row row, ResultTable.Row first) {
    Spread time = Objects.requireNonNull(row.time());
    String text = text(time);
    if (row != first) {
      double ratio = time.median() / Objects.requireNonNull(first.time()).median();
      text += ", " + TextTable.decimal(ratio) + " of " + first.name();
    }
    return text;
  }

  /** {@return a time in words, with its spread if it has one} */
  public static String text(Spread time) {
    return time.high() > time.low()
        ? nanos(time.median()) + " (" + nanos(time.low()) + " to " + nanos(time.high()) + ")"
        : nanos(time.median());
  }

  /** {@return a time in the unit that suits it} */
  public static String nanos(double nanos) {
    return nanos < MICRO
        ? TextTable.decimal(nanos) + " ns"
        : nanos < MILLI
            ? TextTable.decimal(nanos / MICRO) + " µs"
            : TextTable.decimal(nanos / MILLI) + " ms";
  }

  /** {@return the bars with a title, and a table behind them} */
  public Figure figure(String title, List<String> headings, List<List<String>> rows) {
    double longest = bars.stream().mapToDouble(bar -> bar.value().high()).max().orElse(0);
    StringBuilder text = new StringBuilder("<ul class=\"%s\">\n".formatted(type));
    for (Bar bar : bars) {
      Spread value = bar.value();
      text.append("<li>")
          .append(Markup.element("span", "name", bar.name()))
          .append("<span class=\"track\" aria-hidden=\"true\">")
          .append(
              String.format(
                  Locale.ROOT,
                  "<span class=\"bar s%d\" style=\"width:%s\"></span>",
                  bar.series(),
                  Markup.percent(value.median(), longest)));
      if (value.high() > value.low()) {
        text.append(
            "<span class=\"spread\" style=\"left:%s;width:%s\"></span>"
                .formatted(
                    Markup.percent(value.low(), longest),
                    Markup.percent(value.high() - value.low(), longest)));
      }
      text.append("</span>").append(Markup.element("span", "value", bar.text())).append("</li>\n");
    }
    return new Figure(title, text.append("</ul>\n").toString(), headings, rows);
  }
}
