package org.jallocator.torture;

import java.io.File;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Stamped blocks over C's malloc with its own checks on: libc_malloc_debug ends the process. */
final class LibcRow implements Row {

  private static final long BLOCKS = 2_000_000;
  private static final long CONTROL_BLOCKS = 2_000;

  private static final List<String> DIRECTORIES =
      List.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64");

  private static final String LIBRARY = "libc_malloc_debug.so.0";

  @Override
  public String name() {
    return "stamped blocks, glibc's malloc checks on";
  }

  @Override
  public void run(Figures figures, Scale scale) throws Exception {
    if (library().isEmpty()) {
      figures.skip("no " + LIBRARY + " on this machine");
      return;
    }
    figures.add(pass(scale.of(BLOCKS, 6_000), "none"));
  }

  private static String library() {
    return DIRECTORIES.stream()
        .map(directory -> directory + "/" + LIBRARY)
        .filter(path -> new File(path).exists())
        .findFirst()
        .orElse("");
  }

  private static long pass(long blocks, String wrong) throws Exception {
    return ChildJvm.run(
            List.of(),
            Map.of(
                "LD_PRELOAD", library(),
                "MALLOC_CHECK_", "3",
                "MALLOC_PERTURB_", "165"),
            List.of("-Xmx256m"),
            List.of(ProgramOnStampedBlocks.class.getName(), "" + blocks, wrong))
        .tried();
  }

  @Override
  public List<Control> controls() {
    return Stream.of("double-free", "overrun")
        .map(wrong -> new Control(wrong, () -> pass(CONTROL_BLOCKS, wrong)))
        .toList();
  }
}
