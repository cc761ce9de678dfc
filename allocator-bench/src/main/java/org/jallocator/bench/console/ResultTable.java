package org.jallocator.bench.console;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Groups of rows under one set of columns: what each stack came to, workload by workload. It is
 * shown as text for {@value #WIDTH} columns, or as a part of a page.
 *
 * <p>The stacks of a table are numbered, since their expressions are too long for it, and stand in
 * full in a legend. A table that is too wide goes on below with the rest of its columns.
 */
public final class ResultTable {

  /** The columns of the terminal that everything is made for. */
  public static final int WIDTH = 80;

  private static final int LEAST_LABEL = 20;

  /** Colours of a picture; after the last, the first comes again. */
  public static final int SERIES = 8;

  private static final String INDENT = "  ";
  private static final int GAP = 2;

  private final UnaryOperator<String> describe;
  private final List<String> headings = new ArrayList<>();
  private final List<Group> groups = new ArrayList<>();
  private final List<String> stacks = new ArrayList<>();
  private boolean compares = true;

  /** Rows that may be compared. */
  public record Group(String title, List<Row> rows) {}

  /** Makes an empty table whose legend has the stacks as they are. */
  public ResultTable() {
    this(UnaryOperator.identity());
  }

  /**
   * Makes an empty table.
   *
   * @param describe what the legend has for a stack
   */
  public ResultTable(UnaryOperator<String> describe) {
    this.describe = describe;
  }

  /** Adds columns; a heading may be of several lines. */
  public ResultTable columns(List<String> more) {
    headings.addAll(more);
    return this;
  }

  /** Adds columns; a heading may be of several lines. */
  public ResultTable columns(String... more) {
    return columns(List.of(more));
  }

  /** Says that the rows of a group are not to be compared with its first one. */
  public ResultTable withoutComparison() {
    compares = false;
    return this;
  }

  /** {@return whether the rows of a group are to be compared with its first one} */
  public boolean compares() {
    return compares;
  }

  /** Begins a group, unless the last one has that title. */
  public void group(String title) {
    if (groups.isEmpty() || !groups.get(groups.size() - 1).title().equals(title)) {
      groups.add(new Group(title, new ArrayList<>()));
    }
  }

  /**
   * Adds a row to the last group.
   *
   * @param stack the expression or the name that the row is of
   * @param time what a picture shows of the row, in nanoseconds; null for nothing
   */
  public Row stack(String stack, @Nullable Spread time) {
    if (!stacks.contains(stack)) {
      stacks.add(stack);
    }
    int number = stacks.indexOf(stack) + 1;
    return row(number + " " + stack, time, number);
  }

  /**
   * Adds a row whose label needs no legend to the last group.
   *
   * @param label what the row is of
   * @param time what a picture shows of the row, in nanoseconds; null for nothing
   */
  public Row row(String label, @Nullable Spread time) {
    return row(label, time, groups.get(groups.size() - 1).rows().size() + 1);
  }

  private Row row(String label, @Nullable Spread time, int number) {
    Row row = new Row(label, time, 1 + (number - 1) % SERIES);
    groups.get(groups.size() - 1).rows().add(row);
    return row;
  }

  /** The cells of a row, in the order of the columns. */
  public static final class Row {

    private final String label;
    private final @Nullable Spread time;
    private final int series;
    private final List<String> cells = new ArrayList<>();

    private Row(String label, @Nullable Spread time, int series) {
      this.label = label;
      this.time = time;
      this.series = series;
    }

    /** Adds a number with two places behind the point. */
    public Row decimal(double number) {
      return text(TextTable.decimal(number));
    }

    /** Adds a whole number; null if it is not known. */
    public Row count(@Nullable Long number) {
      return text(number == null ? "-" : TextTable.count(number));
    }

    public Row text(String cell) {
      cells.add(cell);
      return this;
    }

    public Row texts(List<String> more) {
      cells.addAll(more);
      return this;
    }

    /** {@return the label, in full} */
    public String label() {
      return label;
    }

    /** {@return the label without the number of its stack} */
    public String name() {
      return label.replaceFirst("^\\d+ ", "");
    }

    /** {@return the number of the row's colour in a picture, from 1 on} */
    public int series() {
      return series;
    }

    /** {@return what a picture shows of the row, in nanoseconds; or null} */
    public @Nullable Spread time() {
      return time;
    }

    public List<String> cells() {
      return cells;
    }
  }

  /** {@return the headings of the columns} */
  public List<String> headings() {
    return headings;
  }

  public List<Group> groups() {
    return groups;
  }

  /** {@return the number that a stack has in the labels} */
  public int number(String stack) {
    return stacks.indexOf(stack) + 1;
  }

  /** {@return what stands behind the numbers, in their order} */
  public List<String> legend() {
    return stacks.stream().map(describe).toList();
  }

  /** {@return the table and its legend as lines of at most {@value #WIDTH} characters} */
  public String render() {
    StringBuilder text = new StringBuilder();
    for (int from = 0; from < headings.size(); ) {
      int to = from + 1;
      while (to < headings.size() && LEAST_LABEL + width(from, to + 1) <= WIDTH) {
        to++;
      }
      text.append(from == 0 ? "" : "\n").append(render(from, to));
      from = to;
    }
    if (!stacks.isEmpty()) {
      text.append('\n').append(TextTable.legend(legend()));
    }
    return text.toString();
  }

  private int width(int from, int to) {
    int width = 0;
    for (int column = from; column < to; column++) {
      int widest = headings.get(column).lines().mapToInt(String::length).max().orElse(0);
      for (Group group : groups) {
        for (Row row : group.rows()) {
          widest = Math.max(widest, row.cells().get(column).length());
        }
      }
      width += GAP + widest;
    }
    return width;
  }

  private String render(int from, int to) {
    List<String> shown = new ArrayList<>(List.of(""));
    shown.addAll(headings.subList(from, to));
    TextTable table = new TextTable(1, shown.toArray(String[]::new));
    int room = Math.max(LEAST_LABEL, WIDTH - width(from, to));
    for (Group group : groups) {
      if (!group.title().isEmpty()) {
        List<String> title = new ArrayList<>(List.of(TextTable.shorten(group.title(), room)));
        shown.stream().skip(1).forEach(heading -> title.add(""));
        table.row(title.toArray(String[]::new));
      }
      for (Row row : group.rows()) {
        List<String> cells = new ArrayList<>();
        cells.add(TextTable.shorten(INDENT + row.label(), room));
        cells.addAll(row.cells().subList(from, to));
        table.row(cells.toArray(String[]::new));
      }
    }
    return table.render();
  }
}
