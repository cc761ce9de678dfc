package org.jallocator.arrow;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Runs {@link ArrowProgram} in a Java machine of its own, on the class path of this one. */
final class ForkedArrow {

  private static final long SECONDS = 60;

  private final List<String> options = new ArrayList<>();
  private List<String> places =
      List.of(System.getProperty("java.class.path").split(File.pathSeparator));

  /** Leaves out what has a text in its path. */
  ForkedArrow without(String text) {
    places = places.stream().filter(place -> !place.contains(text)).toList();
    return this;
  }

  ForkedArrow with(Path place) {
    List<String> more = new ArrayList<>(places);
    more.add(place.toString());
    places = more;
    return this;
  }

  ForkedArrow option(String option) {
    options.add(option);
    return this;
  }

  /** {@return what the program printed, errors too} */
  String run(String program, Path directory) throws IOException, InterruptedException {
    Path output = directory.resolve("output.txt");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        Arrays.asList(
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.nio=ALL-UNNAMED"));
    command.addAll(options);
    command.add("-cp");
    command.add(places.stream().collect(Collectors.joining(File.pathSeparator)));
    command.add(ArrowProgram.class.getName());
    command.add(program);
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new IllegalStateException("takes too long:\n" + Files.readString(output));
    }
    return Files.readString(output);
  }
}
