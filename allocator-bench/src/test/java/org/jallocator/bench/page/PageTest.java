package org.jallocator.bench.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jallocator.bench.Bench;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.Spread;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

class PageTest {

  /** A directory of its own: a browser that ends may still write there. */
  @TempDir(cleanup = CleanupMode.NEVER)
  private Path profile;

  @TempDir private Path directory;

  private static Page.Section section() {
    ResultTable table = new ResultTable().columns("ns/op", "ratio");
    table.group("work <b>");
    table.stack("jna", new Spread(20, 19, 22)).decimal(20).decimal(1);
    table.stack("mine & \"yours\"", new Spread(5, 4, 6)).decimal(5).decimal(0.25);
    return new Page.Section(
        "Part", "Lead.", Bars.of(table), new Page.Legend(table.legend(), true), List.of("A note."));
  }

  @Test
  void pageAsksForNothingAndRunsNothing() {
    Page page = new Page("title", Map.of("Processor", "P"));
    page.add(section());

    String markup = page.markup();

    assertFalse(markup.contains("http://") || markup.contains("https://"), markup);
    assertFalse(markup.contains("<script"), markup);
    assertFalse(markup.contains("url("), markup);
    assertTrue(markup.contains("default-src 'none'"), markup);
  }

  @Test
  void textIsNeverMarkup() {
    Page page = new Page("<i>", Map.of("a", "<u>"));
    page.add(section());

    String markup = page.markup();

    assertFalse(markup.contains("<i>") || markup.contains("<u>") || markup.contains("<b>"), markup);
    assertTrue(markup.contains("2 mine &amp; &quot;yours&quot;"), markup);
  }

  @Test
  void barsSayInWordsWhatTheyShow() {
    String markup = Bars.of(table(true)).get(0).markup();

    assertTrue(markup.contains("5.00 ns (4.00 ns to 6.00 ns), 0.25 of jna"), markup);
    assertTrue(markup.contains("width:22.73%"), markup);
    assertFalse(Bars.of(table(false)).get(0).markup().contains("of jna"));
  }

  private static ResultTable table(boolean compares) {
    ResultTable table = new ResultTable();
    table.columns("ns/op");
    if (!compares) {
      table.withoutComparison();
    }
    table.group("work");
    table.stack("jna", new Spread(20, 19, 22)).decimal(20);
    table.stack("mine", new Spread(5, 4, 6)).decimal(5);
    return table;
  }

  @Test
  void lineEndsAtItsLastValueAndIsNamedInWords() {
    String markup =
        new Lines("MiB", 1, "from", "to")
            .add("one", new long[] {0, 50, 100}, 1)
            .figure("t")
            .markup();

    assertTrue(markup.contains("d=\"M0.0 300.0L500.0 150.0L1000.0 0.0\""), markup);
    assertTrue(markup.contains("aria-label=\"t; one: at most 100.00 MiB\""), markup);
    assertEquals(
        11, markup.split("<th scope=\"row\"", -1).length - 1, "rows of the table behind it");
  }

  @Test
  void timesAreInTheUnitThatSuitsThem() {
    assertEquals("999.99 ns", Bars.nanos(999.99));
    assertEquals("1.50 µs", Bars.nanos(1_500));
    assertEquals("2.00 ms", Bars.nanos(2_000_000));
  }

  private static void bench(String... arguments) {
    assertEquals(
        0,
        Bench.commandLine()
            .setOut(new PrintWriter(Writer.nullWriter()))
            .setErr(new PrintWriter(Writer.nullWriter()))
            .execute(arguments));
  }

  /** Looks at a page on a phone, a tablet and a desk: nothing missing, nothing cut off. */
  private static void assertWholeOnEveryScreen(Browser browser, Path page, int figures)
      throws Exception {
    for (int width : List.of(400, 800, 1400)) {
      browser.open(page, width);

      assertEquals(List.of(), browser.console(), "console at " + width);
      assertEquals(0, browser.number("return performance.getEntriesByType('resource').length"));
      assertTrue(
          browser.number("return document.documentElement.scrollWidth") <= width,
          "wider than " + width);
      assertEquals(figures, browser.number("return document.querySelectorAll('figure').length"));
      assertEquals(
          0,
          browser.number(
              "return [...document.querySelectorAll('figure')].filter(f =>"
                  + " ![...f.querySelectorAll('.bar, .plot .line')].some(m => {"
                  + " const r = m.getBoundingClientRect(); return r.width > 1 && r.height > 1;"
                  + " })).length"),
          "pictures without a mark at " + width);
      assertEquals(
          figures,
          browser.number("return document.querySelectorAll('figure details table').length"),
          "a table behind each picture");
      assertTrue(
          browser.number(
                  "document.querySelectorAll('details').forEach(d => d.open = true);"
                      + " return document.documentElement.scrollWidth")
              <= width,
          "wider than " + width + " with its tables open");
    }
    String paper = "return getComputedStyle(document.body).backgroundColor";
    browser.scheme("light");
    Object light = browser.run(paper);
    browser.scheme("dark");
    assertNotEquals(light, browser.run(paper));
    assertTrue(browser.print().length > 10_000, "printed");
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void pagesOfAReplayAndOfAComparisonAreWholeOnEveryScreen() throws Exception {
    Browser.assumeInstalled(); // before the measurement, which would be for nothing
    Path page = directory.resolve("page.html");
    String json = directory.resolve("rows.json").toString();
    bench("replay", "--repeat", "3", "--html", page.toString(), "--json", json, "cc1");
    Path compared = directory.resolve("compared.html");
    bench("compare", json, json, "--html", compared.toString());

    try (Browser browser = Browser.start(profile)) {
      assertWholeOnEveryScreen(browser, page, 5);
      assertWholeOnEveryScreen(browser, compared, 1);
    }
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void wordsOfAPlotFitAPhone() throws Exception {
    Page page = new Page("title", Map.of());
    Figure plot =
        new Lines("MiB", 1, "from", "to")
            .add("live, and reserved by a stack of a long name", new long[] {0, 999}, 1)
            .figure("t");
    page.add(
        new Page.Section(
            "Part", "Lead.", List.of(plot), new Page.Legend(List.of(), true), List.of()));
    Path file = Files.writeString(directory.resolve("plot.html"), page.markup());

    try (Browser browser = Browser.start(profile)) {
      browser.open(file, 400);

      assertEquals(
          0,
          browser.number(
              "return [...document.querySelectorAll('.axis span')].filter(s =>"
                  + " s.getBoundingClientRect().height > 20 ||"
                  + " s.scrollWidth > s.parentElement.clientWidth).length"),
          "labels of the scale are on one line, within the axis");
      assertEquals(
          0,
          browser.number(
              "return [...document.querySelectorAll('.key li')].filter(li => {"
                  + " const words = document.createRange(); words.selectNode(li.lastChild);"
                  + " const right = li.querySelector('svg').getBoundingClientRect().right;"
                  + " return [...words.getClientRects()].some(r => r.left < right); }).length"),
          "words of the key are beside the line, not below it");
      assertTrue(browser.number("return document.querySelector('.key li').clientHeight") > 25);
    }
  }

  @Test
  void bundledPageIsNoLongerThanItNeedsToBe() throws Exception {
    Page page = new Page("title", Map.of());
    page.add(section());

    Path file = Files.writeString(directory.resolve("small.html"), page.markup());

    assertTrue(Files.size(file) < 20_000, "bytes=" + Files.size(file));
  }
}
