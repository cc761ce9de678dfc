package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Platform;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All examples in a Java machine whose malloc checks itself, and fills what is new and free. */
final class CheckedRunTest {

  private static final String DEBUG = "libc_malloc_debug.so.0";

  /** Half of what runs lose that leak on purpose. */
  private static final long LIMIT = (long) CheckedRun.LEAK * CheckedRun.RUNS / 2;

  private static final String END = "at the end, reported []";

  /** What is new is filled with one byte, and what is free with another. */
  private static final Map<String, String> PERTURBED = Map.of("MALLOC_PERTURB_", "165");

  /** Every block is checked as it is freed. The figures of mallinfo2 are zero then. */
  private static final Map<String, String> CHECKED =
      Map.of("LD_PRELOAD", DEBUG, "MALLOC_CHECK_", "3", "MALLOC_PERTURB_", "165");

  @BeforeAll
  static void assumeGlibc() {
    assumeTrue(Platform.isLinux(), "glibc's checks are those of Linux");
    Installed.assumeLibrary(DEBUG, "libc6, of glibc 2.34 or later");
  }

  @Test
  void noBlockIsOverrun(@TempDir Path directory) throws Exception {
    ForkedJvm jvm = ForkedJvm.run(CheckedRun.class, CHECKED, directory, "checked");
    assertEquals(0, jvm.exit(), jvm::output);
    assertTrue(jvm.output().contains(END), jvm::output);
  }

  @Test
  void anOverrunWouldBeFound(@TempDir Path directory) throws Exception {
    ForkedJvm jvm = ForkedJvm.run(CheckedRun.class, CHECKED, directory, "overrun");
    assertNotEquals(0, jvm.exit(), jvm::output);
    // Whichever call comes by it first.
    assertTrue(jvm.output().matches("(?s).*(free|malloc)\\(\\): (invalid|memory).*"), jvm::output);
  }

  @Test
  void nothingIsLost(@TempDir Path directory) throws Exception {
    ForkedJvm jvm = ForkedJvm.run(CheckedRun.class, PERTURBED, directory, "counted");
    assertEquals(0, jvm.exit(), jvm::output);
    assertTrue(jvm.output().contains(END), jvm::output);
    assertTrue(growth("direct", jvm) < LIMIT, jvm::output);
    assertTrue(growth("by interface", jvm) < LIMIT, jvm::output);
    assertTrue(growth("leaking", jvm) >= LIMIT, () -> "unseen leak: " + jvm.output());
  }

  private static long growth(String what, ForkedJvm jvm) {
    Matcher matcher =
        Pattern.compile("^" + what + ", growth (-?\\d+)$", Pattern.MULTILINE).matcher(jvm.output());
    assertTrue(matcher.find(), jvm::output);
    return Long.parseLong(matcher.group(1));
  }
}
