package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each way in which JNA cannot be used, in a machine of its own: told by name, and each time. */
final class JnaTest {

  private static final String ACCESS = "--enable-native-access=ALL-UNNAMED";

  @TempDir private Path directory;

  private ChildJvm run(List<Path> jna, String... options) throws Exception {
    return ChildJvm.run(ProgramOnAnyJna.class, jna, List.of(options), directory);
  }

  /** All four parts of the program are refused, both times, in words that name each of these. */
  private static void assertRefused(ChildJvm jvm, String... words) {
    assertEquals(0, jvm.exit(), jvm::output);
    assertEquals(1, jvm.lines("SURVIVED").count(), jvm::output);
    assertEquals(0, jvm.lines("DONE").count(), jvm::output);
    List<String> refusals = jvm.lines("REFUSED").toList();
    assertEquals(8, refusals.size(), jvm::output);
    for (String refusal : refusals) {
      for (String word : words) {
        assertTrue(refusal.contains(word), () -> word + " is missing in: " + refusal);
      }
      assertTrue(!refusal.contains("class path that its Maven module"), refusal);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"4.5.2", "5.11.0"})
  void anOlderJnaIsRefusedByVersionAndJar(String version) throws Exception {
    assertRefused(
        run(List.of(ChildJvm.jnaOf(version)), ACCESS),
        "JNA is too old: version=" + version + ", limit=" + Jna.OLDEST,
        "jar=",
        "jna-" + version + ".jar",
        "remedy=");
  }

  @Test
  void theOldestSupportedJnaServesWhatWasCompiledWithTheNewest() throws Exception {
    assertServed(run(List.of(ChildJvm.jnaOf(Jna.OLDEST)), ACCESS));
  }

  @Test
  void theNewestJnaServes() throws Exception {
    assertServed(run(List.of(ChildJvm.placeOf(Native.class)), ACCESS));
  }

  private static void assertServed(ChildJvm jvm) {
    assertEquals(0, jvm.exit(), jvm::output);
    assertEquals(0, jvm.lines("REFUSED").count(), jvm::output);
    assertEquals(8, jvm.lines("DONE").count(), jvm::output);
    assertEquals(1, jvm.lines("SURVIVED").count(), jvm::output);
  }

  @Test
  void aLibraryThatCannotBeLoadedIsToldWithItsRemedy() throws Exception {
    assertRefused(
        run(
            List.of(ChildJvm.placeOf(Native.class)),
            ACCESS,
            "-Djna.nosys=true",
            "-Djna.noclasspath=true"),
        "JNA cannot load its native library, jnidispatch: reason=",
        "-Djna.tmpdir");
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsToldWithItsRemedy() throws Exception {
    assertRefused(
        run(List.of(ChildJvm.placeOf(Native.class)), ACCESS, "-Djna.tmpdir=/dev/null/none"),
        "reason=",
        "-Djna.tmpdir");
  }

  @Test
  void deniedNativeAccessIsToldWithItsFlag() throws Exception {
    assumeTrue(Runtime.version().feature() >= 24, "native access is not denied before JDK 24");
    assertRefused(
        run(List.of(ChildJvm.placeOf(Native.class)), "--illegal-native-access=deny"),
        "native access is denied to JNA: reason=",
        "remedy=start Java with --enable-native-access=ALL-UNNAMED");
  }

  @Test
  void aMissingJnaIsToldByItsName() throws IOException, InterruptedException {
    ChildJvm jvm = ChildJvm.run(ProgramWithoutJna.class, List.of(), List.of(ACCESS), directory);
    assertEquals(0, jvm.exit(), jvm::output);
    List<String> refusals = jvm.lines("REFUSED").toList();
    assertEquals(6, refusals.size(), jvm::output);
    for (String refusal : refusals) {
      assertTrue(
          refusal.contains("JNA is missing: class=com.sun.jna.Memory")
              && refusal.contains("remedy=add net.java.dev.jna:jna"),
          refusal);
    }
  }

  @Test
  void nothingStaysWithJnasCleanerSoThatItsThreadEnds() throws Exception {
    ChildJvm jvm =
        ChildJvm.run(
            ProgramThatLeavesNoCleaner.class,
            List.of(ChildJvm.placeOf(Native.class)),
            List.of(ACCESS),
            directory);
    assertEquals(0, jvm.exit(), jvm::output);
    assertEquals(List.of("SCOPE 0"), jvm.lines("SCOPE").toList(), jvm::output);
    assertEquals(List.of("FUNCTIONS 0"), jvm.lines("FUNCTIONS").toList(), jvm::output);
    assertEquals(List.of("CALLBACKS true"), jvm.lines("CALLBACKS").toList(), jvm::output);
  }
}
