package org.jallocator.torture;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Stamped blocks under valgrind. It reports much of a Java machine that is none; what counts are
 * its reports of frees, and of reads and writes by JNA.
 */
final class ValgrindRow implements Row {

  private static final long BLOCKS = 12_000;
  private static final long CONTROL_BLOCKS = 300;
  private static final double LEAST_SCALE = 0.5;
  private static final List<String> PLACES =
      List.of("/usr/bin/valgrind", "/usr/local/bin/valgrind");
  private static final Pattern PREFIX = Pattern.compile("(?m)^==\\d+== ?");

  @Override
  public String name() {
    return "stamped blocks under valgrind";
  }

  @Override
  public void run(Figures figures, Scale scale) throws Exception {
    if (scale.factor() < LEAST_SCALE) {
      figures.skip("from scale " + LEAST_SCALE + " on");
    } else if (valgrind().isEmpty()) {
      figures.skip("no valgrind on this machine");
    } else {
      figures.add(pass(scale.of(BLOCKS, CONTROL_BLOCKS), "none"));
    }
  }

  private static String valgrind() {
    return PLACES.stream().filter(path -> new File(path).canExecute()).findFirst().orElse("");
  }

  private static long pass(long blocks, String wrong) throws Exception {
    Path log = Files.createTempFile("torture", ".log");
    try {
      ChildJvm child =
          ChildJvm.run(
              List.of(
                  valgrind(),
                  "--error-limit=no",
                  "--num-callers=4",
                  "--smc-check=all-non-file",
                  "--log-file=" + log),
              Map.of(),
              List.of("-Xint", "-Xmx64m", "-XX:-UsePerfData"),
              List.of(ProgramOnStampedBlocks.class.getName(), "" + blocks, wrong));
      String text = PREFIX.matcher(Files.readString(log, StandardCharsets.UTF_8)).replaceAll("");
      for (String report : text.split("\n\\s*\n", -1)) {
        if (report.startsWith("Invalid free")
            || (report.startsWith("Invalid") && report.contains("com_sun_jna"))) {
          throw new AssertionError(report.strip());
        }
      }
      return child.tried();
    } finally {
      Files.delete(log);
    }
  }

  @Override
  public List<Control> controls() {
    return Stream.of("double-free", "overrun")
        .map(wrong -> new Control(wrong, () -> pass(CONTROL_BLOCKS, wrong)))
        .toList();
  }
}
