package org.jallocator.examples;

import com.sun.jna.Native;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.arena.ArenaAllocator;
import org.jallocator.fixedblock.FixedBlockAllocator;
import org.jallocator.jna.DefaultAllocator;

/**
 * A Java machine of its own, for what must be there before a process starts.
 *
 * @param exit its exit status
 * @param output what it printed, errors too
 */
record ForkedJvm(int exit, String output) {

  private static final long SECONDS = 600;

  /** Runs the main method of a class, on the class path, and waits for its end. */
  static ForkedJvm run(
      Class<?> main, Map<String, String> environment, Path directory, String... args)
      throws IOException, InterruptedException {
    Path output = directory.resolve("output.txt");
    List<String> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-XX:+UseSerialGC",
            // A compiler's own memory would hide what a test counts.
            "-Xint",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath(main),
            main.getName());
    var builder =
        new ProcessBuilder(Stream.concat(java.stream(), Stream.of(args)).toList())
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new IllegalStateException(
          "forked JVM takes too long: seconds=" + SECONDS + "\n" + Files.readString(output));
    }
    return new ForkedJvm(process.exitValue(), Files.readString(output));
  }

  private static String classPath(Class<?> main) {
    return Stream.of(
            main,
            LibcExample.class,
            Allocator.class,
            DefaultAllocator.class,
            FixedBlockAllocator.class,
            ArenaAllocator.class,
            Native.class)
        .map(type -> placeOf(type).toString())
        .distinct()
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** {@return the jar or the directory that a class is from} */
  static Path placeOf(Class<?> type) {
    try {
      var source = Objects.requireNonNull(type.getProtectionDomain().getCodeSource());
      return Path.of(source.getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
