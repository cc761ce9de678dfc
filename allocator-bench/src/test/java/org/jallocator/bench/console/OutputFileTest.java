package org.jallocator.bench.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {

  @TempDir private Path directory;

  private static List<Map<String, @Nullable Object>> rows() {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("text", "a \"quoted\" \\ line\n of Käse");
    row.put("number", 0.25);
    row.put("count", 1L << 40);
    row.put("nothing", null);
    return List.of(row);
  }

  private static OutputFile open(Path path) {
    return Objects.requireNonNull(OutputFile.open("--json", path.toString()));
  }

  @Test
  void rowsReadBackAsTheyWere() throws IOException {
    Path target = directory.resolve("out.json");

    try (OutputFile file = open(target)) {
      file.write(rows());
    }

    assertEquals(rows(), JSON.std.anyFrom(Files.readString(target)));
    assertEquals(List.of(target), filesLeft());
  }

  @Test
  void withoutAFileThereIsNone() {
    assertNull(OutputFile.open("--json", null));
  }

  @Test
  void fileThatWasThereStaysUntilTheNewOneIsWhole() throws IOException {
    Path target = Files.writeString(directory.resolve("out.json"), "old");

    try (OutputFile file = open(target)) {
      assertEquals("old", Files.readString(target));
      file.write(rows());
    }

    assertTrue(Files.readString(target).startsWith("["));
    assertEquals(List.of(target), filesLeft());
  }

  @Test
  void runThatFailsLeavesNothingBehind() throws IOException {
    open(directory.resolve("out.json")).close();

    assertEquals(List.of(), filesLeft());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void linkStaysALink() throws IOException {
    Path target = Files.writeString(directory.resolve("out.json"), "old");
    Path link = Files.createSymbolicLink(directory.resolve("link.json"), target);

    try (OutputFile file = open(link)) {
      file.write(rows());
    }

    assertTrue(Files.isSymbolicLink(link));
    assertTrue(Files.readString(target).startsWith("["));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void deviceIsWrittenToAndNotReplaced() {
    Path device = Path.of("/dev/null");

    try (OutputFile file = open(device)) {
      file.write(rows());
    }

    assertTrue(Files.exists(device) && !Files.isRegularFile(device));
  }

  @Test
  void whatCannotBeWrittenIsRefusedBeforeAnyWork() {
    String missing = directory.resolve("missing/out.json").toString();

    assertEquals("--json is a directory: " + directory, refusal(directory.toString()));
    assertEquals("--json cannot be written: " + missing + ": NoSuchFile", refusal(missing));
  }

  private static String refusal(String argument) {
    return String.valueOf(
        assertThrows(BadInputException.class, () -> OutputFile.open("--json", argument))
            .getMessage());
  }

  private List<Path> filesLeft() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
