package org.jallocator.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jallocator.bench.console.BadInputException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The figures that each release leaves in docs/benchmarks can be compared with the next ones. */
final class HistoryTest {

  private static final Path HISTORY = Path.of("..", "docs", "benchmarks");
  private static final Pattern VERSION =
      Pattern.compile("[0-9]+\\.[0-9]+\\.[0-9]+(-SNAPSHOT)?\\.json");

  /** A commit without the mark of local changes. */
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{7,40}");

  private static final Pattern ABSOLUTE_PATH = Pattern.compile("[ '=](/|[A-Z]:)");

  @TempDir private Path directory;

  private static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(HISTORY)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }

  /** {@return what is wrong with a file of figures, a line each} */
  private static List<String> problems(Path path) throws IOException {
    List<String> problems = new ArrayList<>();
    if (!VERSION.matcher(path.getFileName().toString()).matches()) {
      problems.add("no version: name=" + path.getFileName());
    }
    ResultFile file;
    try {
      file = ResultFile.read(path.toString());
    } catch (BadInputException e) {
      problems.add("not read: " + e.getMessage());
      return problems;
    }
    for (Object each : JSON.std.listFrom(Files.readString(path))) {
      Map<?, ?> row = (Map<?, ?>) each;
      String commit = Objects.toString(row.get("commit"));
      if (!COMMIT.matcher(commit).matches()) {
        problems.add("no clean commit: commit=" + commit);
      }
      String command = Objects.toString(row.get("command"));
      if (!command.startsWith("allocator-bench ")) {
        problems.add("no command of the bench: command=" + command);
      }
      if (ABSOLUTE_PATH.matcher(command).find()) {
        problems.add("absolute path: command=" + command);
      }
      if (!(row.get("processor") instanceof String) || !(row.get("jdk") instanceof String)) {
        problems.add("no processor or no jdk");
      }
    }
    Comparison same = new Comparison(file, file);
    if (!same.lead().contains(": 0 slower, 0 faster.")
        || !same.figuresBeyondTheSpread().isEmpty()
        || same.notes().contains("differ:")
        || same.notes().contains("Only in")) {
      problems.add("differs from itself: " + same.lead() + "\n" + same.notes());
    }
    return problems;
  }

  @Test
  void everyFileIsFitToBeComparedWith() throws IOException {
    List<Path> files = files();
    assertTrue(!files.isEmpty(), "no figures in " + HISTORY);
    for (Path file : files) {
      assertEquals(List.of(), problems(file), file.toString());
    }
  }

  private Path file(String name, String key, @Nullable Object value) throws IOException {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("workload", "pair");
    row.put("stack", "jna");
    row.put("nanosPerOperation", 20);
    row.put("processor", "Intel");
    row.put("processors", 2);
    row.put("jdk", "17");
    row.put("commit", "0123abc");
    row.put("command", "allocator-bench reference --json docs/benchmarks/1.2.3.json");
    row.put(key, value);
    return Files.writeString(directory.resolve(name), JSON.std.asString(List.of(row)));
  }

  @Test
  void aFileThatIsFitHasNoProblem() throws IOException {
    assertEquals(List.of(), problems(file("1.2.3.json", "threads", 2)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1.2.3.json | commit            | 0123abc and changes                | no clean commit
          1.2.3.json | commit            | unknown                            | no clean commit
          1.2.3.json | command           | java -jar bench.jar reference      | no command of the bench
          1.2.3.json | command           | allocator-bench jna --json /a.json | absolute path
          1.2.3.json | command           | allocator-bench jna --json=/a.json | absolute path
          1.2.3.json | jdk               |                                    | no processor or no jdk
          1.2.3.json | nanosPerOperation | fast                               | not read
          last.json  | threads           | 2                                  | no version
          """)
  void aFileThatIsNotFitIsNamed(String name, String key, @Nullable String value, String problem)
      throws IOException {
    List<String> problems = problems(file(name, key, value));
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(problems.get(0).startsWith(problem + ": ") || problems.get(0).equals(problem));
  }
}
