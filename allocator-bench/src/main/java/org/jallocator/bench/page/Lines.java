package org.jallocator.bench.page;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jallocator.bench.console.TextTable;

/** Lines over the course of something: each has a dash of its own, and its name beside it. */
public final class Lines {

  private static final int WIDTH = 1000;
  private static final int HEIGHT = 300;

  /** Rows of the table behind the picture. */
  private static final int ROWS = 10;

  private final String unit;
  private final double perUnit;
  private final String from;
  private final String to;
  private final List<Line> lines = new ArrayList<>();

  private static final class Line {

    private final String name;
    private final long[] values;
    private final int series;

    Line(String name, long[] values, int series) {
      this.name = name;
      this.values = values;
      this.series = series;
    }

    long highest() {
      return Arrays.stream(values).max().orElse(0);
    }
  }

  /**
   * Makes an empty picture.
   *
   * @param unit what the values are shown in
   * @param perUnit how many of the values' unit make one of those
   * @param from what stands where the lines begin
   * @param to what stands where they end
   */
  public Lines(String unit, double perUnit, String from, String to) {
    this.unit = unit;
    this.perUnit = perUnit;
    this.from = from;
    this.to = to;
  }

  /** Adds a line of values at equal distances; all lines have the same number of them. */
  public Lines add(String name, long[] values, int series) {
    lines.add(new Line(name, values, series));
    return this;
  }

  private String show(long value) {
    return TextTable.decimal(value / perUnit) + " " + unit;
  }

  /** {@return the picture with a title, and a table behind it} */
  public Figure figure(String title) {
    long top = Math.max(1, lines.stream().mapToLong(Line::highest).max().orElse(1));
    StringBuilder text = new StringBuilder("<div class=\"plot\">\n<div class=\"axis\">");
    text.append(Markup.element("span", "top", show(top)));
    text.append(Markup.element("span", "middle", show(top / 2)));
    text.append(Markup.element("span", "bottom", "0")).append("</div>\n");
    text.append(
        "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s\">\n"
            .formatted(WIDTH, HEIGHT, Markup.escape(label(title))));
    text.append("<path class=\"grid\" d=\"M0 0H1000M0 150H1000M0 300H1000\"/>\n");
    for (Line line : lines) {
      text.append("<path class=\"line l%d\" d=\"%s\"/>\n".formatted(line.series, path(line, top)));
    }
    text.append("</svg>\n</div>\n<div class=\"course\">");
    text.append(Markup.element("span", "from", from)).append(Markup.element("span", "to", to));
    text.append("</div>\n<ul class=\"key\">\n");
    for (Line line : lines) {
      text.append(
          ("<li><svg viewBox=\"0 0 40 10\" aria-hidden=\"true\"><path class=\"line l%d\""
                  + " d=\"M0 5H40\"/></svg> %s</li>\n")
              .formatted(
                  line.series, Markup.escape(line.name + ", at most " + show(line.highest()))));
    }
    return new Figure(title, text.append("</ul>\n").toString(), headings(), rows());
  }

  private String label(String title) {
    StringBuilder text = new StringBuilder(title);
    lines.forEach(
        line ->
            text.append("; ").append(line.name).append(": at most ").append(show(line.highest())));
    return text.toString();
  }

  private static String path(Line line, long top) {
    StringBuilder path = new StringBuilder();
    long[] values = line.values;
    for (int i = 0; i < values.length; i++) {
      path.append(
          String.format(
              Locale.ROOT,
              "%s%.1f %.1f",
              i == 0 ? "M" : "L",
              (double) WIDTH * i / Math.max(1, values.length - 1),
              HEIGHT - (double) HEIGHT * values[i] / top));
    }
    return path.toString();
  }

  private List<String> headings() {
    List<String> headings = new ArrayList<>(List.of("at"));
    lines.forEach(line -> headings.add(line.name));
    return headings;
  }

  private List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    for (int row = 0; row <= ROWS; row++) {
      List<String> cells = new ArrayList<>(List.of(100 * row / ROWS + " %"));
      for (Line line : lines) {
        int at = (int) ((long) (line.values.length - 1) * row / ROWS);
        cells.add(show(line.values[at]));
      }
      rows.add(cells);
    }
    return rows;
  }
}
