package org.jallocator.torture;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs every row of the table, at the scale of the system property {@code torture.scale}, and
 * prints the table at the end. The property {@code torture.rows} names the rows to run, a regular
 * expression.
 */
class TortureTest {

  private static final int MOST_TRIALS = 5;
  private static final Table TABLE = new Table();

  private static final List<Row> ROWS =
      List.of(
          new ModelRow(),
          new BadFreeRow(),
          new FailureRow(),
          new LimitRow(),
          new DepthRow(),
          new HeapRow(),
          new RaceRow(),
          new CloseRow(),
          new DeathRow(),
          new StampRow(),
          new LibcRow(),
          new ValgrindRow(),
          new ConfigRow());

  @TestFactory
  Stream<DynamicTest> nothingIsWrongAndEveryPlantedBugIsReported() {
    String wanted = System.getProperty("torture.rows", ".*");
    List<Row> rows = ROWS.stream().filter(row -> row.name().matches(wanted)).toList();
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          "no row matches: torture.rows=%s (rows: %s)"
              .formatted(wanted, ROWS.stream().map(Row::name).collect(Collectors.joining("; "))));
    }
    return rows.stream()
        .map(row -> DynamicTest.dynamicTest(row.name(), () -> run(row, Scale.configured())));
  }

  private static void run(Row row, Scale scale) throws Exception {
    Figures figures = new Figures();
    long start = System.nanoTime();
    if (scale.isLarge()) {
      System.out.println("torture: " + row.name());
    }
    try {
      row.run(figures, scale);
    } catch (Throwable e) {
      TABLE.addFailed(row, figures);
      throw e;
    }
    long reported = 0;
    if (figures.skipped().isEmpty()) {
      for (Row.Control control : row.controls()) {
        AssertionError report = report(control);
        String bug = row.name() + ", planted bug " + control.name();
        assertNotNull(report, () -> bug + ": the oracle is silent");
        assertNotNull(report.getMessage(), () -> bug + ": no message");
        reported++;
      }
    }
    TABLE.add(row, figures, reported, (System.nanoTime() - start) / 1e9);
  }

  /** {@return what the oracle says of a planted bug; a race may need more than one trial} */
  private static @Nullable AssertionError report(Row.Control control) throws Exception {
    for (int trial = 0; trial < MOST_TRIALS; trial++) {
      try {
        control.trial().run();
      } catch (AssertionError e) {
        return e;
      }
    }
    return null;
  }

  @AfterAll
  static void printTheTable() throws IOException {
    String text = TABLE.text(Scale.configured());
    System.out.print(text);
    Files.writeString(Path.of("target", "torture.txt"), text);
  }
}
