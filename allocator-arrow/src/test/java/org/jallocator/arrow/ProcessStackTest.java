package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stack of the process, in a Java machine of its own: on the class path. */
final class ProcessStackTest {

  private static final long SECONDS = 60;

  @Test
  @Tag("once")
  void isUsedWithoutALeakCheckIfTheProcessEndsAlready(@TempDir Path directory) throws Exception {
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-D" + ProcessStack.LEAK_CHECK + "=true",
                "-cp",
                System.getProperty("java.class.path"),
                ProgramThatOpensAtItsEnd.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS));
    } finally {
      process.destroyForcibly();
    }
    String printed = Files.readString(output).strip();
    String expected =
        String.join(
            System.lineSeparator(),
            "allocator-arrow: no leak check: the process ends already: stack=@general",
            "OPEN true",
            "STACKS 1");
    assertTrue(printed.endsWith(expected), printed); // a virtual machine may say more, before it
  }
}
