package org.jallocator.ffm;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jallocator.Allocator;
import org.junit.jupiter.api.Test;

final class NativeAccessTest {

  private static String run(String... options) throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    String classPath =
        String.join(
            File.pathSeparator,
            place(AllocatorArena.class),
            place(Allocator.class),
            Path.of(place(AllocatorArena.class)).resolveSibling("test-classes").toString());
    List<String> command = new java.util.ArrayList<>(List.of(java.toString()));
    command.addAll(List.of(options));
    command.addAll(
        List.of("-Xmx64m", "-cp", classPath, ProgramWithoutNativeAccess.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IOException("child JVM takes too long");
    }
    return output;
  }

  private static String place(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }

  @Test
  void nativeAccessThatIsDeniedIsToldInWords() throws Exception {
    String denied = run("--illegal-native-access=deny");
    assertTrue(
        denied.contains("native access is denied: module=unnamed module @")
            && denied.contains(", remedy=start Java with --enable-native-access=ALL-UNNAMED"),
        denied);
    String granted = run("--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED");
    assertTrue(granted.startsWith("open: "), granted);
  }
}
