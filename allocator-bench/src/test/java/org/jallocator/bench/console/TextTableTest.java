package org.jallocator.bench.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextTableTest {

  @Test
  void textStandsLeftAndNumbersRight() {
    TextTable table = new TextTable(1, "name", "one\nns", "two");
    table.row("a", "1", "1,000,000");
    table.row("bcdefg", "22", "");

    assertEquals(
        """
                one
        name     ns        two
        a         1  1,000,000
        bcdefg   22
        """,
        table.render());
  }

  @Test
  void rowThatDoesNotFitTheHeadingsIsRefused() {
    TextTable table = new TextTable(1, "name");

    assertThrows(IllegalArgumentException.class, () -> table.row("a", "b"));
  }

  @Test
  void numbersLookTheSameEverywhere() {
    assertEquals("12,345,678", TextTable.count(12_345_678));
    assertEquals("1,234.57", TextTable.decimal(1234.5678));
    assertEquals("-", TextTable.decimal(Double.NaN));
  }

  @Test
  void longTextIsCutAndTheCutShown() {
    assertEquals("abcdef", TextTable.shorten("abcdef", 6));
    assertEquals("abc...", TextTable.shorten("abcdefg", 6));
  }

  @Test
  void textIsBrokenBetweenWords() {
    assertEquals(
        List.of("one two", "three", "longerthanthewidth", "x"),
        TextTable.lines("one two three longerthanthewidth x", 8));
    assertEquals(List.of(""), TextTable.lines("", 8));
  }

  @Test
  void everyLineIsAParagraph() {
    assertEquals(
        "a b\n" + "x".repeat(79) + "\ny\n", TextTable.paragraphs("a b\n" + "x".repeat(79) + " y"));
  }

  @Test
  void legendBreaksLongStacksAfterCommas() {
    String stack = "fallback(fixedblock(blockSize=16, pageSize=64KiB, jna), ".repeat(4) + "jna))))";

    String legend = TextTable.legend(List.of("jna", stack));

    assertTrue(legend.startsWith("1 jna\n2 fallback("), legend);
    assertTrue(legend.lines().allMatch(line -> line.length() <= 80), legend);
    assertEquals(
        stack, legend.substring("1 jna\n2 ".length()).strip().replaceAll("\\s*\n\\s*", " "));
  }
}
