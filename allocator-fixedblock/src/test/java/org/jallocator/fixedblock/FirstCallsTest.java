package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The first calls of a process, at the end of a stack: what the virtual machine does once for each
 * class and each call must not fail there.
 */
@Tag("once")
final class FirstCallsTest {

  @ParameterizedTest
  @ValueSource(strings = {"confined", "shared", "remote", "fallback"})
  void theFirstCallsOfAProcessLoseNothingAtTheEndOfAStack(String kind, @TempDir Path folder)
      throws Exception {
    Path output = folder.resolve("output.txt");
    String classPath =
        Stream.of(
                FixedBlockAllocator.class,
                FirstCallsProgram.class,
                Allocator.class,
                RecordingAllocator.class)
            .map(FirstCallsTest::placeOf)
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-cp",
                classPath,
                FirstCallsProgram.class.getName(),
                kind)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertTrue(ended, "it hangs");
    String printed = Files.readString(output, StandardCharsets.UTF_8).strip();
    assertTrue(printed.endsWith("all is well"), printed); // a virtual machine may say more
  }

  private static String placeOf(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
