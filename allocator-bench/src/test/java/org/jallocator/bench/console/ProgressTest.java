package org.jallocator.bench.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private final StringWriter written = new StringWriter();
  private long now;

  private Progress progress(boolean terminal) {
    return new Progress(new PrintWriter(written), terminal, () -> now);
  }

  private void sleep(long millis) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @Test
  void shortRunTellsNothing() {
    try (Progress progress = progress(true)) {
      sleep(1999);
      progress.at("here");
    }

    assertEquals("", written.toString());
  }

  @Test
  void plainLinesAreFew() {
    try (Progress progress = progress(false)) {
      for (int i = 0; i < 30; i++) {
        sleep(1000);
        progress.at("second " + (i + 1));
      }
    }

    assertEquals("second 2\nsecond 12\nsecond 22\n", written.toString().replace("\r\n", "\n"));
  }

  @Test
  void terminalKeepsOneLineAndLosesItAtTheEnd() {
    try (Progress progress = progress(true)) {
      sleep(2000);
      progress.at("a longer place");
      sleep(100);
      progress.at("there");
      sleep(10);
      progress.at("too soon");
    }

    String[] lines = written.toString().split("\r", -1);
    assertEquals("a longer place", lines[1].strip());
    assertEquals("there", lines[2].strip());
    assertEquals(lines[1].length(), lines[2].length(), "the longer line is written over");
    assertTrue(lines[3].isBlank(), lines[3]);
    assertEquals(5, lines.length, written.toString());
  }
}
