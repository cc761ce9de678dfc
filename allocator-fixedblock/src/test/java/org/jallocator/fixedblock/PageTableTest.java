package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PageTableTest {

  private static final long SEED = 20261122;

  private static Page page(long start, long bytes) {
    var inner = RecordingAllocator.builder().alignment(1).build();
    Page page = new Page(PageLayout.ofSizeClass(inner, 0, bytes, 1, 1), Page.NONE.pool);
    page.place(start, start);
    return page;
  }

  private static Page expected(List<Page> pages, long address) {
    return pages.stream().filter(page -> page.spans(address)).findFirst().orElse(Page.NONE);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 7, 64, 4096, 5000, 65_536, 65_537})
  void agreesWithAListOfPagesAfterEachOfManyRandomSteps(long bytes) {
    Random random = new Random(SEED);
    PageTable table = new PageTable(bytes);
    List<Page> pages = new ArrayList<>();
    for (int step = 0; step < 3000; step++) {
      if (pages.isEmpty() || (random.nextInt(100) < 53 && pages.size() < 60)) {
        long start = Long.MIN_VALUE - 40 * bytes + random.nextInt(160) * (bytes / 2 + 1);
        if (expected(pages, start) == Page.NONE
            && expected(pages, start + bytes - 1) == Page.NONE) {
          Page page = page(start, bytes);
          table.add(page);
          pages.add(page);
        }
      } else {
        table.remove(pages.remove(random.nextInt(pages.size())));
      }
      String at = "seed=" + SEED + ", bytes=" + bytes + ", step=" + step;
      for (Page page : pages) {
        for (long edge : new long[] {-1, 0, 1, bytes / 2, bytes - 1, bytes}) {
          long address = page.start() + edge;
          assertSame(expected(pages, address), table.find(address), at);
        }
      }
    }
  }

  @Test
  void findsPagesOfManySizesInOneTable() {
    PageTable table = new PageTable(4096);
    List<Page> pages = new ArrayList<>();
    long start = 0x7fff_0000_0010L;
    for (int i = 0; i < 200; i++) {
      long bytes = 4096L << (i % 9);
      Page page = page(start, bytes);
      start += bytes + i % 3;
      table.add(page);
      pages.add(page);
    }
    for (Page page : pages) {
      assertSame(page, table.find(page.start()));
      assertSame(page, table.find(page.start() + page.bytes - 1));
    }
    for (Page page : pages) {
      table.remove(page);
      assertSame(Page.NONE, table.find(page.start()));
    }
  }

  @Test
  void guessesThePageThatBeginsInAWindowWhereAnotherEnds() {
    PageTable table = new PageTable(4096);
    Page first = page(0x10_0010, 4096);
    Page second = page(0x10_1010, 4096);
    table.add(first);
    table.add(second);
    assertSame(second, table.guess(second.start()));
    assertSame(second, table.guessAlone(second.start()));
    assertSame(first, table.find(second.start() - 1));
    assertSame(first, table.guessBesides(second.start() - 1));
    assertSame(first, table.guess(first.start()));
  }

  @Test
  void findsTheVeryLastAddress() {
    PageTable table = new PageTable(4096);
    Page page = page(-4096, 4096);
    table.add(page);
    assertSame(page, table.find(-1));
    assertSame(page, table.find(-4096));
    assertSame(Page.NONE, table.find(-4097));
    assertSame(Page.NONE, table.find(0));
  }

  @Test
  void addingAndRemovingForLongKeepsSearchesShort() {
    PageTable table = new PageTable(4096);
    for (int i = 0; i < 1_000_000; i++) {
      Page page = page((1L << 40) + i * 8192L, 4096);
      table.add(page);
      assertSame(page, table.find(page.start()));
      table.remove(page);
    }
    assertSame(Page.NONE, table.find(1L << 40));
  }
}
