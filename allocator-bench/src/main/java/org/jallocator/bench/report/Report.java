package org.jallocator.bench.report;

import java.util.List;
import java.util.Map;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.TextTable;
import org.jallocator.bench.page.Bars;
import org.jallocator.bench.page.Figure;
import org.jspecify.annotations.Nullable;

/** What a command found out, in the forms in which it is shown. */
public interface Report {

  /** Continues a {@link #lead} whose pictures show what half of the rounds came to. */
  String HALF = " Half of the rounds lie between the ends of the thin line.";

  /** {@return what it is called} */
  String title();

  /** {@return what was measured, in a sentence} */
  String lead();

  /** {@return the figures} */
  ResultTable table();

  /** {@return what there is to know of the figures: paragraphs, a line each} */
  String notes();

  /** {@return the rows in the form of {@code --json}} */
  List<Map<String, @Nullable Object>> json();

  /** {@return the pictures of {@code --html}, which may take a moment to draw} */
  default List<Figure> figures() {
    return Bars.of(table());
  }

  /** {@return the table, under it the stacks in full and the notes; every line ended} */
  default String text() {
    return table().render() + "\n" + TextTable.paragraphs(notes());
  }
}
