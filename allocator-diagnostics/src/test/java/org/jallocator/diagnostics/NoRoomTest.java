package org.jallocator.diagnostics;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What finds no room on the Java heap or on the stack is done again as soon as there is some, loses
 * nothing, and breaks nothing for the rest of the process.
 */
@Tag("once")
final class NoRoomTest {

  static Stream<Arguments> layersAndKinds() {
    return Layers.all().keySet().stream()
        .flatMap(
            layer ->
                Stream.of(
                    Arguments.of(layer, "heap", "release"),
                    Arguments.of(layer, "stack", "release"),
                    Arguments.of(layer, "stack", "close")));
  }

  @ParameterizedTest
  @MethodSource("layersAndKinds")
  void aCloseWithoutRoomIsMadeAgainAndLosesNoBlock(
      String layer, String kind, String close, @TempDir Path folder) throws Exception {
    run(folder, layer, kind, close);
  }

  @Test
  void aPushWithoutRoomLosesNoEarlierOne(@TempDir Path folder) throws Exception {
    run(folder, "stats", "heap", "push");
  }

  private static void run(Path folder, String layer, String kind, String call) throws Exception {
    Path output = folder.resolve("output.txt");
    String classPath =
        Stream.of(
                StatsAllocator.class,
                NoRoomProgram.class,
                Allocator.class,
                RecordingAllocator.class)
            .map(NoRoomTest::placeOf)
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx24m",
                "-XX:+UseSerialGC",
                "-cp",
                classPath,
                NoRoomProgram.class.getName(),
                layer,
                kind,
                call)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(300, TimeUnit.SECONDS);
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
