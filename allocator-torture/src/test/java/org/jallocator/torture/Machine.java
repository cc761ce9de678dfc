package org.jallocator.torture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the run is made on. */
final class Machine {

  private Machine() {}

  /** {@return the processors, in a few words} */
  static String processor() {
    String model = System.getProperty("os.arch", "unknown");
    try {
      model =
          Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
              .filter(line -> line.startsWith("model name"))
              .map(line -> line.substring(line.indexOf(':') + 1).strip())
              .findFirst()
              .orElse(model);
    } catch (IOException e) {
      // Not Linux: the architecture must do.
    }
    return Runtime.getRuntime().availableProcessors()
        + " x "
        + model.replaceAll("\\((R|TM)\\)", "");
  }
}
