package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What the diagnostic layers say of {@link DiagnosisExample}. */
final class DiagnosisTest {

  private static void assertMatches(String regex, String text) {
    assertTrue(text.matches("(?s).*" + regex + ".*"), text);
  }

  @Test
  void statsCountsCallsPeakAndSizes() {
    String text = DiagnosisExample.howMuchIsUsed();
    assertMatches("mallocs 100 \\(5,050 bytes\\), frees 100, failures 0", text);
    assertMatches("peak +1 blocks, 100 bytes", text);
    assertMatches("<= +64 bytes +32 #", text);
  }

  @Test
  void trackedGroupsLeaksBySiteTheLargestFirst() {
    assertMatches(
        "blocks=4, bytes=4192.*"
            + "4,096 bytes in 1 blocks.*DiagnosisExample.readBody.*"
            + "96 bytes in 3 blocks.*DiagnosisExample.readHeader.*"
            + "DiagnosisExample.whoseLeakIsIt;org.jallocator.examples.DiagnosisExample.readHeader 96",
        DiagnosisExample.whoseLeakIsIt());
  }

  @Test
  void trackedNamesThreeSitesOfADoubleFree() {
    assertMatches(
        "allocated by .*whoFreedItFirst.*freed by .*closeConnection.*freed again by .*closeSession",
        DiagnosisExample.whoFreedItFirst());
  }

  @Test
  void guardedFindsTheZeroBehindAString() {
    assertMatches(
        "size=5, offset=5, bytes=1.*allocated by .*whoWroteBehindItsBlock",
        DiagnosisExample.whoWroteBehindItsBlock());
  }

  @Test
  void limitSaysWhatWasAskedForAndWhatIsThere() {
    assertEquals(
        "limit: limit is reached: size=700000, reserved=700000, limit=1048576",
        DiagnosisExample.whatIsTooMuch());
  }

  @Test
  void failingFailsEveryThirdMalloc() {
    assertEquals(
        "1 served\n2 served\n3 failed\n4 served\n5 served\n6 failed\n7 served\n",
        DiagnosisExample.doesTheProgramSurvive());
  }

  @Test
  void logHasALineForEachCall() throws IOException {
    assertEquals("0 m 1 64\n0 m 2 4096\n0 f 1\n0 f 2\n", DiagnosisExample.whatWasCalled());
  }
}
