package org.jallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first errors of a process break no class of the JDK, even at the end of a stack. */
final class FirstErrorsTest {

  @Test
  void theFirstErrorsOfAProcessAreMadeAsSoonAsThereIsRoom(@TempDir Path folder) throws Exception {
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                placeOf(Allocator.class) + File.pathSeparator + placeOf(FirstErrorsProgram.class),
                FirstErrorsProgram.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(output.toFile())
            .start();
    process.waitFor();
    assertEquals(
        "leak: event: free: memory: thread: 12[1, 2]",
        Files.readString(output, StandardCharsets.UTF_8).strip());
  }

  private static String placeOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }
}
