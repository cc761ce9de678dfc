package org.jallocator.bench.console;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Lines up rows of text under headings: the first columns to the left, numbers to the right. A
 * heading may be of several lines; what it is short of stands empty above it.
 */
public final class TextTable {

  private static final String GAP = "  ";

  private final int leftColumns;
  private final List<String> headings;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * Makes an empty table.
   *
   * @param leftColumns how many of the first columns are text
   */
  public TextTable(int leftColumns, String... headings) {
    this.leftColumns = leftColumns;
    this.headings = List.of(headings);
  }

  public void row(String... cells) {
    if (cells.length != headings.size()) {
      throw new IllegalArgumentException(
          "row does not fit the headings: cells=" + cells.length + ", limit=" + headings.size());
    }
    rows.add(List.of(cells));
  }

  /** {@return the table, every line ended, no line with blanks at its end} */
  public String render() {
    List<List<String>> all = new ArrayList<>(headingRows());
    all.addAll(rows);
    int[] widths = new int[headings.size()];
    for (List<String> row : all) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : all) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < widths.length; column++) {
        String blanks = " ".repeat(widths[column] - row.get(column).length());
        line.append(column == 0 ? "" : GAP);
        line.append(column < leftColumns ? row.get(column) + blanks : blanks + row.get(column));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private List<List<String>> headingRows() {
    List<String[]> parts = headings.stream().map(heading -> heading.split("\n", -1)).toList();
    int height = parts.stream().mapToInt(lines -> lines.length).max().orElse(0);
    List<List<String>> result = new ArrayList<>();
    for (int line = 0; line < height; line++) {
      String[] cells = new String[parts.size()];
      Arrays.fill(cells, "");
      for (int column = 0; column < cells.length; column++) {
        int from = height - parts.get(column).length;
        if (line >= from) {
          cells[column] = parts.get(column)[line - from];
        }
      }
      result.add(List.of(cells));
    }
    return result;
  }

  /** {@return a whole number with its thousands parted by commas} */
  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** {@return a number with two places behind the point, its thousands parted by commas} */
  public static String decimal(double number) {
    return Double.isNaN(number) ? "-" : String.format(Locale.ROOT, "%,.2f", number);
  }

  /** {@return a text cut to a width, the cut shown} */
  static String shorten(String text, int width) {
    return text.length() <= width ? text : text.substring(0, width - 3) + "...";
  }

  /** {@return the stacks in full, numbered from 1, lines broken after commas} */
  static String legend(List<String> stacks) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < stacks.size(); i++) {
      text.append(wrap(i + 1 + " ", stacks.get(i)));
    }
    return text.toString();
  }

  private static String wrap(String prefix, String expression) {
    StringBuilder text = new StringBuilder();
    String line = prefix;
    for (String part : expression.split("(?<=, )", -1)) {
      if (line.length() + part.stripTrailing().length() > ResultTable.WIDTH) {
        text.append(line.stripTrailing()).append('\n');
        line = " ".repeat(prefix.length());
      }
      line += part;
    }
    return text.append(line).append('\n').toString();
  }

  /** {@return a text whose every line is a paragraph, its lines broken between words} */
  public static String paragraphs(String text) {
    StringBuilder broken = new StringBuilder();
    text.lines()
        .flatMap(line -> lines(line, ResultTable.WIDTH).stream())
        .forEach(line -> broken.append(line).append('\n'));
    return broken.toString();
  }

  /** {@return a text as lines of at most some width, broken between words} */
  public static List<String> lines(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (line.length() > 0 && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
