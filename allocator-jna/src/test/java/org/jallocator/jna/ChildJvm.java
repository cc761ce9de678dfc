package org.jallocator.jna;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jallocator.Allocator;

/**
 * A Java machine of its own, on the class path, for what one process can be in only once: another
 * JNA, none, or one that failed to start.
 *
 * @param exit its exit status
 * @param output what it printed, errors too
 */
record ChildJvm(int exit, String output) {

  private static final long SECONDS = 600;

  /**
   * Runs the main method of a test class and waits for its end.
   *
   * @param jna the JNA that it has; none iff empty
   * @param options for the machine
   */
  static ChildJvm run(Class<?> main, List<Path> jna, List<String> options, Path directory)
      throws IOException, InterruptedException {
    List<Path> classPath = new ArrayList<>(jna);
    Path target = Path.of(System.getProperty("basedir", ""), "target").toAbsolutePath();
    classPath.add(target.resolve("classes"));
    classPath.add(target.resolve("test-classes"));
    classPath.add(placeOf(Allocator.class));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:-CreateCoredumpOnCrash"));
    command.add("-XX:ErrorFile=/dev/null");
    command.addAll(options);
    command.add("-cp");
    command.add(
        classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
    command.add(main.getName());
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new IllegalStateException("child JVM takes too long: seconds=" + SECONDS);
    }
    return new ChildJvm(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
  }

  /** {@return the jar of a version that the build has copied} */
  static Path jnaOf(String version) {
    return Path.of(System.getProperty("basedir", ""), "target", "jna", "jna-" + version + ".jar")
        .toAbsolutePath();
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

  Stream<String> lines(String start) {
    return output.lines().filter(line -> line.startsWith(start));
  }
}
