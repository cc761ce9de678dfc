package org.jallocator;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
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
    boolean ended = process.waitFor(5, TimeUnit.MINUTES);
    process.destroyForcibly();
    assertTrue(ended, "it hangs");
    String printed = Files.readString(output, StandardCharsets.UTF_8);
    // A virtual machine may say more.
    assertTrue(
        printed.lines().anyMatch("leak: event: free: memory: thread: 12[1, 2]"::equals), printed);
  }

  private static String placeOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }
}
