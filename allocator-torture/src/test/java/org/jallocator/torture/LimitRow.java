package org.jallocator.torture;

import java.io.File;
import java.util.List;
import java.util.Map;
import org.jallocator.torture.FaultyAllocator.Bug;

/** Mallocs of C that return NULL because the process may have no more memory: {@code ulimit -v}. */
final class LimitRow implements Row {

  private static final long FAILURES = 4_000;
  private static final long KIBIBYTES = 1_400_000;

  private static final List<String> STACKS =
      List.of(
          "@general",
          "large(shared=true, jna)",
          "arena(chunkSize=1MiB, jna)",
          "sizeclass(maxSize=8MiB, pageSize=16MiB, jna)",
          "fallback(large(jna), jna)");

  @Override
  public String name() {
    return "failures of C's malloc by ulimit -v";
  }

  @Override
  public void run(Figures figures, Scale scale) throws Exception {
    if (!new File("/bin/sh").canExecute() || !new File("/proc/self/maps").exists()) {
      figures.skip("no shell with ulimit -v on this machine");
      return;
    }
    List<String> stacks = scale.isLarge() ? STACKS : STACKS.subList(0, 1);
    for (String stack : stacks) {
      figures.add(exhaust(stack, scale.of(FAILURES / STACKS.size(), 20)));
    }
  }

  private static long exhaust(String stack, long failures) throws Exception {
    try {
      return ChildJvm.run(
              List.of("/bin/sh", "-c", "ulimit -v " + KIBIBYTES + " && exec \"$0\" \"$@\""),
              Map.of("MALLOC_ARENA_MAX", "1"),
              List.of(
                  "-Xint",
                  "-Xmx32m",
                  "-XX:ReservedCodeCacheSize=16m",
                  "-XX:CompressedClassSpaceSize=16m"),
              List.of(ProgramWithoutMemory.class.getName(), stack, "" + failures))
          .tried();
    } catch (AssertionError e) {
      throw new AssertionError(stack + ": " + e.getMessage(), e);
    }
  }

  @Override
  public List<Control> controls() {
    Bug bug = Bug.SWALLOWS_ERRORS;
    String stack = FaultyProvider.expression(bug, "@general");
    return List.of(new Control(bug.name(), () -> exhaust(stack, 20)));
  }
}
