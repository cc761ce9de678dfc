package org.jallocator.bench.console;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the figures of a report were measured on. Ratios differ between processors by a factor of
 * two, so a figure without its processor says little.
 *
 * @param processor the name that the processor gives itself
 * @param processors how many of them the JVM may use
 * @param jdk the version and the name of the JVM
 * @param commit the commit that was built; {@value #UNKNOWN} if it was not built from a repository
 */
public record Machine(String processor, int processors, String jdk, String commit) {

  static final String UNKNOWN = "unknown";

  /** Written by the build. */
  private static final String BUILD = "/allocator-bench.properties";

  private static final Path LINUX = Path.of("/proc/cpuinfo");

  /** {@return this machine, this JVM and this build} */
  public static Machine here() {
    return new Machine(
        findProcessor(),
        Runtime.getRuntime().availableProcessors(),
        Runtime.version() + " (" + System.getProperty("java.vm.name") + ")",
        findCommit());
  }

  /** {@return a line for tables} */
  public String line() {
    return "%s, %d %s; JDK %s; commit %s"
        .formatted(
            processor, processors, processors == 1 ? "processor" : "processors", jdk, commit);
  }

  /** {@return the keys and values for JSON} */
  public Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("processor", processor);
    row.put("processors", processors);
    row.put("jdk", jdk);
    row.put("commit", commit);
    return row;
  }

  private static String findProcessor() {
    String name = null;
    if (Files.isReadable(LINUX)) {
      name = processorOf(LINUX);
    } else if (System.getProperty("os.name").startsWith("Mac")) {
      name = firstLineOf("sysctl", "-n", "machdep.cpu.brand_string");
    } else {
      name = System.getenv("PROCESSOR_IDENTIFIER");
    }
    return name == null || name.isBlank() ? System.getProperty("os.arch") : name.strip();
  }

  /** {@return the name that the kernel tells, in the format of {@code /proc/cpuinfo}; or null} */
  static @Nullable String processorOf(Path cpuinfo) {
    try (Stream<String> lines = Files.lines(cpuinfo)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(null);
    } catch (IOException e) {
      return null;
    }
  }

  private static @Nullable String firstLineOf(String... command) {
    try {
      Process process = new ProcessBuilder(command).start();
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        return lines.readLine();
      }
    } catch (IOException e) {
      return null;
    }
  }

  private static String findCommit() {
    Properties build = new Properties();
    try (InputStream in = Machine.class.getResourceAsStream(BUILD)) {
      if (in != null) {
        build.load(in);
      }
    } catch (IOException e) {
      return UNKNOWN;
    }
    String commit = build.getProperty("commit", "");
    return commit.isEmpty() ? UNKNOWN : commit.replace("-dirty", " and changes");
  }
}
