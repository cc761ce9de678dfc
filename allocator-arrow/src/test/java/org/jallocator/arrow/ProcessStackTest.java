package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stack of the process, in a Java machine of its own: on the class path. */
final class ProcessStackTest {

  private static final long SECONDS = 60;

  private static final String NO_CHECK =
      "allocator-arrow: no leak check: the process ends already: stack=@general";

  @Test
  @Tag("once")
  void isUsedWithoutALeakCheckIfTheProcessEndsAlready(@TempDir Path directory) throws Exception {
    assertPrintedAtTheEnd(run(directory), NO_CHECK, "OPEN true", "STACKS 1");
  }

  @Test
  @Tag("once")
  void isClosedIfItsFirstUseThrowsAndOpensAtTheNext(@TempDir Path directory) throws Exception {
    assertPrintedAtTheEnd(
        run(directory, "failing"),
        "THROWN java.lang.OutOfMemoryError: planned",
        "STACKS 0",
        NO_CHECK,
        "OPEN true",
        "STACKS 1");
  }

  /** {@return what the program printed} */
  private static String run(Path directory, String... arguments) throws Exception {
    Path output = directory.resolve("output.txt");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-D" + ProcessStack.LEAK_CHECK + "=true",
                "-cp",
                System.getProperty("java.class.path"),
                ProgramThatOpensAtItsEnd.class.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS));
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(output).strip();
  }

  /** A virtual machine may say more, before it. */
  private static void assertPrintedAtTheEnd(String printed, String... lines) {
    assertTrue(printed.endsWith(String.join(System.lineSeparator(), lines)), printed);
  }
}
