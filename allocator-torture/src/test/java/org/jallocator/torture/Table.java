package org.jallocator.torture;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The table of a run, no wider than 80 characters. */
final class Table {

  private final List<String> lines = new ArrayList<>();
  private double seconds;

  /** Adds a row that went well, or was skipped. */
  synchronized void add(Row row, Figures figures, long controls, double seconds) {
    if (!figures.skipped().isEmpty()) {
      lines.add(line(row.name(), "-", "-", "-", "-"));
      lines.add("  " + figures.skipped());
      return;
    }
    lines.add(
        line(
            row.name(),
            count(figures.total()),
            "0",
            controls + " of " + row.controls().size(),
            String.format(Locale.ROOT, "%.1f", seconds)));
    figures
        .kinds()
        .forEach((kind, count) -> lines.add(line("  " + kind, count(count), "", "", "")));
    this.seconds += seconds;
  }

  /** Adds a row that found something wrong. */
  synchronized void addFailed(Row row, Figures figures) {
    lines.add(line(row.name(), count(figures.total()), "WRONG", "", ""));
  }

  private static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  private static String line(
      String name, String count, String wrong, String controls, String seconds) {
    return String.format(
            Locale.ROOT, "%-40s %13s %6s %9s %8s", name, count, wrong, controls, seconds)
        .stripTrailing();
  }

  /** {@return the table} */
  synchronized String text(Scale scale) {
    StringBuilder text = new StringBuilder();
    text.append("torture, scale ").append(scale.factor()).append(", ");
    text.append(Machine.processor()).append(", Java ").append(Runtime.version()).append('\n');
    text.append(line("tried", "times", "wrong", "controls", "seconds")).append('\n');
    text.append("-".repeat(80)).append('\n');
    lines.forEach(line -> text.append(line).append('\n'));
    text.append("-".repeat(80)).append('\n');
    text.append(line("all", "", "", "", String.format(Locale.ROOT, "%.1f", seconds)));
    return text.append('\n').toString();
  }
}
