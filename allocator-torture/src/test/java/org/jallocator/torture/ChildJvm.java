package org.jallocator.torture;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A Java machine of its own, for what this one could not survive.
 *
 * @param exit its exit status
 * @param output what it printed, errors too
 */
record ChildJvm(int exit, String output) {

  /** A line that starts so has the count of what was tried. */
  static final String TRIED = "TRIED ";

  /** A line that starts so says what is wrong. */
  static final String WRONG = "WRONG ";

  private static final long SECONDS = 900;

  /**
   * Runs the main method of a class and waits for its end.
   *
   * @param before what stands before the command, such as a checker
   * @param environment what is added to the environment
   * @param options for the machine
   * @param command the class and its arguments
   */
  static ChildJvm run(
      List<String> before,
      Map<String, String> environment,
      List<String> options,
      List<String> command)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(before);
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-XX:+UseSerialGC", "-XX:-CreateCoredumpOnCrash"));
    words.add("-XX:ErrorFile=" + Path.of("target", "torture-error.log").toAbsolutePath());
    words.add("--enable-native-access=ALL-UNNAMED");
    words.addAll(options);
    words.add("-cp");
    words.add(System.getProperty("java.class.path", ""));
    words.addAll(command);
    Path output = Files.createTempFile("torture", ".txt");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(output.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError("child takes too long: " + command);
      }
      String text = Files.readString(output, StandardCharsets.UTF_8);
      return new ChildJvm(process.exitValue(), text);
    } finally {
      Files.delete(output);
    }
  }

  /** {@return what was tried; an AssertionError if it went wrong} */
  long tried() {
    String wrong = lines(WRONG);
    String tried = lines(TRIED);
    if (exit != 0 || !wrong.isEmpty() || tried.isEmpty()) {
      throw new AssertionError(
          "exit=" + exit + ", " + wrong + (wrong.isEmpty() ? output.strip() : ""));
    }
    return tried.lines().mapToLong(Long::parseLong).sum();
  }

  private String lines(String start) {
    return output
        .lines()
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()).strip())
        .collect(Collectors.joining("\n"));
  }
}
