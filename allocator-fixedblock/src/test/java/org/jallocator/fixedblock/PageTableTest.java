package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.testkit.RecordingAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("once")
final class PageTableTest {

  private static final long SEED = 20261125;

  private static final RecordingAllocator INNER = RecordingAllocator.builder().alignment(1).build();

  /** A page of one block, which is all that the table asks for. */
  private static Page page(long start, long bytes) {
    Page page = Page.confined(PageLayout.ofSizeClass(INNER, 0, bytes, 1, 1), Page.NONE.pool);
    page.place(start, start);
    return page;
  }

  /** What the table should be: pages by their first address, unsigned. */
  private static final class Model {

    final TreeMap<Long, Page> pages = new TreeMap<>(Long::compareUnsigned);

    Page find(long address) {
      Map.Entry<Long, Page> below = pages.floorEntry(address);
      return below != null && below.getValue().spans(address) ? below.getValue() : Page.NONE;
    }

    boolean hasRoom(long start, long bytes) {
      long last = start + bytes - 1;
      Long above = pages.ceilingKey(start);
      return Long.compareUnsigned(last, start) >= 0
          && find(start) == Page.NONE
          && (above == null || Long.compareUnsigned(above, last) > 0);
    }

    void agree(PageTable table, String at) {
      for (Page page : pages.values()) {
        agreeAround(table, page, at);
      }
    }

    void agreeAround(PageTable table, Page page, String at) {
      for (long edge : new long[] {-1, 0, 1, page.bytes / 2, page.bytes - 1, page.bytes}) {
        long address = page.start() + edge;
        assertSame(find(address), table.find(address), at);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 7, 64, 4096, 5000, 65_536, 65_537, 1L << 40, (1L << 40) + 1})
  void agreesWithAMapAfterEachOfManyRandomSteps(long bytes) {
    Random random = new Random(SEED);
    PageTable table = new PageTable(bytes);
    Model model = new Model();
    for (int step = 0; step < 3000; step++) {
      String at = "seed=" + SEED + ", bytes=" + bytes + ", step=" + step;
      long start = Long.MIN_VALUE - 40 * bytes + random.nextInt(160) * (bytes / 2 + 1);
      step(random, table, model, start, bytes, 60);
      model.agree(table, at);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 16, 4096, 1L << 62})
  void agreesWithAMapForPagesOfAllSizesAnywhere(long minBytes) {
    Random random = new Random(SEED);
    PageTable table = new PageTable(minBytes);
    Model model = new Model();
    for (int step = 0; step < 30_000; step++) {
      long bytes = Math.max(minBytes, (random.nextLong() & Long.MAX_VALUE) >>> random.nextInt(63));
      bytes = random.nextInt(8) == 0 ? Long.highestOneBit(bytes) : bytes;
      bytes = Math.min(bytes, 1L << 62);
      long start =
          switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> -bytes; // ends at 2^64
            case 2 -> Long.MIN_VALUE - bytes / 2; // across the sign
            default -> {
              Map.Entry<Long, Page> some = model.pages.floorEntry(random.nextLong());
              yield some == null ? 0 : some.getValue().start() + some.getValue().bytes;
            }
          };
      step(random, table, model, start, bytes, 300);
      String at = "seed=" + SEED + ", minBytes=" + minBytes + ", step=" + step;
      long address = random.nextLong();
      assertSame(model.find(address), table.find(address), at);
      if (step % 100 == 0) {
        model.agree(table, at);
      }
    }
  }

  private static void step(
      Random random, PageTable table, Model model, long start, long bytes, int most) {
    if (model.pages.isEmpty() || (random.nextInt(100) < 60 && model.pages.size() < most)) {
      if (model.hasRoom(start, bytes)) {
        Page page = page(start, bytes);
        model.pages.put(start, page);
        table.add(page);
      }
    } else {
      Map.Entry<Long, Page> some = model.pages.ceilingEntry(random.nextLong());
      Page page = (some == null ? model.pages.firstEntry() : some).getValue();
      model.pages.remove(page.start());
      table.remove(page);
      table.remove(page); // a second time does nothing
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
    assertSame(first, table.find(second.start() - 1));
    assertSame(first, table.guessBesides(second.start() - 1));
    assertSame(first, table.guess(first.start()));
  }

  @Test
  void guessesNearlyAllAddressesOfNeighbours() {
    for (int offset : new int[] {0, 16}) {
      PageTable table = new PageTable(65_536);
      List<Page> pages = new ArrayList<>();
      for (int i = 0; i < 5000; i++) {
        pages.add(page((1L << 46) + offset + i * (65_536L + offset), 65_536));
        table.add(pages.get(i));
      }
      int first = 0;
      int missed = 0;
      for (Page page : pages) {
        for (int i = 0; i < 64; i++) {
          long address = page.start() + i * 1024L;
          boolean guessed = table.guess(address) == page;
          first += guessed ? 1 : 0;
          missed += guessed || table.guessBesides(address) == page ? 0 : 1;
        }
      }
      assertTrue(first >= 5000 * 64 * 85 / 100, "first=" + first);
      assertTrue(missed <= 5000 * 64 / 100, "missed=" + missed);
    }
  }

  @Test
  void guessesNearlyAllAddressesOfSeveralHeapsWhosePagesLieFarApart() {
    Random random = new Random(1);
    int wrong = 0;
    int missed = 0;
    int all = 0;
    for (int round = 0; round < 200; round++) {
      PageTable table = new PageTable(4096);
      List<Page> pages = new ArrayList<>();
      for (int heap = 0; heap < 8; heap++) {
        long start = (1L << 46) + (random.nextInt(1 << 16) << 26L) + random.nextInt(1 << 20) * 16L;
        for (int i = 0; i < 50; i++) {
          pages.add(page(start + i * 8192L, 4096));
          table.add(pages.get(pages.size() - 1));
        }
      }
      for (Page page : pages) {
        boolean guessed = table.guess(page.start()) == page;
        wrong += guessed ? 0 : 1;
        missed += guessed || table.guessBesides(page.start()) == page ? 0 : 1;
        all++;
      }
    }
    String found = "wrong=" + wrong + ", missed=" + missed + ", all=" + all;
    assertTrue(wrong <= all * 8 / 100 && missed <= all / 100, found);
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
    for (int i = 0; i < 300_000; i++) {
      Page page = page((1L << 40) + i * 8192L, 4096);
      table.add(page);
      assertSame(page, table.find(page.start()));
      table.remove(page);
    }
    assertSame(Page.NONE, table.find(1L << 40));
    assertEquals(0, table.held());
    assertTrue(table.capacity() <= 128, () -> "capacity=" + table.capacity());
  }

  /** Steps and tries are counted, and not time, which a busy machine stretches. */
  @ParameterizedTest
  @ValueSource(ints = {12, 13, 14, 15, 16, 17, 18, 20, 22, 24, 26, 28, 30})
  void noStrideOfPagesIsSlow(int shift) {
    for (long stride : new long[] {1L << shift, (1L << shift) + 4096, 3L << shift}) {
      Random random = new Random(SEED);
      AtomicInteger tries = new AtomicInteger();
      PageTable table =
          new PageTable(
              4096,
              PageTable.FIRST_MULTIPLIER,
              () -> {
                tries.incrementAndGet();
                return random.nextLong();
              });
      fill(table, 20_000, stride);
      String at = "stride=" + stride + ", longest=" + table.longest() + ", tries=" + tries;
      assertTrue(table.longest() <= 64 && tries.get() <= 60, at);
    }
  }

  /** With a multiplier of 1 the home is the window's highest bits, 0 for all pages of these. */
  @Test
  void pagesThatHashToOnePlaceAreNeitherSlowNorRefused() {
    PageTable table = new PageTable(4096, 1, new Random(SEED)::nextLong);
    Model model = fill(table, 20_000, 65_536);
    model.agree(table, "multiplier=1");
    assertTrue(table.longest() <= 64, () -> "longest=" + table.longest());
  }

  @Test
  void isRightIfNoMultiplierIsAnyGood() {
    AtomicInteger tries = new AtomicInteger();
    PageTable table = new PageTable(4096, 1, () -> tries.incrementAndGet() > 0 ? 1 : 3);
    Model model = fill(table, 1000, 65_536);
    model.agree(table, "multiplier=1");
    assertTrue(tries.get() <= 200, () -> "tries=" + tries);
    assertTrue(table.longest() >= 1000, () -> "longest=" + table.longest());
    assertTrue(table.held() >= 1000, () -> "held=" + table.held());
    assertTrue(table.capacity() > table.held(), () -> "capacity=" + table.capacity());
    model.pages.values().forEach(table::remove);
    assertEquals(0, table.held());
  }

  private static Model fill(PageTable table, int count, long stride) {
    Model model = new Model();
    for (int i = 0; i < count; i++) {
      Page page = page(i * stride, 4096);
      table.add(page);
      model.pages.put(page.start(), page);
    }
    return model;
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 18, 1L << 30, 1L << 36, 1L << 39, 1L << 62})
  void aLargePageNeedsFewEntries(long bytes) {
    for (long minBytes : new long[] {1, 64, 4096, 65_536}) {
      for (long delta : new long[] {-1, 0, 1}) {
        PageTable table = new PageTable(minBytes);
        Page page = page((1L << 62) - 12_345, bytes + delta);
        table.add(page);
        assertTrue(table.held() <= 65, () -> "held=" + table.held());
        for (int i = 0; i < 1000; i++) {
          assertSame(page, table.find(page.start() + i * (page.bytes / 1000)));
        }
        assertSame(page, table.find(page.start() + page.bytes - 1));
        assertSame(Page.NONE, table.find(page.start() + page.bytes));
        table.remove(page);
        assertEquals(0, table.held());
      }
    }
  }

  @Test
  void takesAHundredBytesAPageOrSoAndAFewTimesThatIfTheyAreFew() {
    PageTable table = new PageTable(65_536);
    for (int i = 0; i < 10_000; i++) {
      table.add(page((1L << 46) + i * 65_552L, 65_536));
      int elements = table.capacity();
      int pages = i + 1;
      int most = Math.max(64 * pages, Math.min(1 << 14, 192 * pages));
      assertTrue(elements <= most, () -> "elements=" + elements + ", pages=" + pages);
    }
    assertTrue(table.capacity() <= 48 * 10_000, () -> "capacity=" + table.capacity());
  }

  @Test
  void shrinksWhenAPageIsAddedAfterMostHaveGone() {
    PageTable table = new PageTable(4096);
    List<Page> pages = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      pages.add(page(i * 4096L, 4096));
      table.add(pages.get(i));
    }
    pages.forEach(table::remove);
    table.add(pages.get(0));
    assertTrue(table.capacity() <= 128, () -> "capacity=" + table.capacity());
    assertSame(pages.get(0), table.find(0));
  }

  @Test
  void aFullJavaHeapWhileOtherMultipliersAreTriedLosesNothing() {
    AtomicInteger calls = new AtomicInteger();
    PageTable table =
        new PageTable(
            4096,
            1,
            () -> {
              if (calls.getAndIncrement() > 0) {
                throw new OutOfMemoryError("planned");
              }
              return 1;
            });
    Model model = fill(table, 300, 65_536);
    model.agree(table, "multiplier=1");
    assertTrue(calls.get() > 1);
  }

  @Test
  void readersFindEveryPageThatStaysWhileOthersComeAndGo() throws InterruptedException {
    PageTable table = new PageTable(4096);
    List<Page> stay = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      stay.add(page((1L << 40) + i * 15_000L, 5000 + i % 2 * 60));
      table.add(stay.get(i));
    }
    AtomicBoolean done = new AtomicBoolean();
    AtomicReference<@Nullable String> missed = new AtomicReference<>();
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Random random = new Random(SEED + i);
      Thread reader =
          new Thread(
              () -> {
                while (!done.get()) {
                  Page page = stay.get(random.nextInt(stay.size()));
                  long address = page.start() + random.nextInt((int) page.bytes);
                  Page found = table.find(address);
                  Page guess = table.guess(address);
                  Page besides = table.guessBesides(address);
                  if (found != page || guess.blocks < 0 || besides.blocks < 0) { // or is null
                    missed.set("address=" + address + ", page=" + page.start());
                  }
                }
              });
      readers.add(reader);
      reader.start();
    }
    Random random = new Random(SEED);
    List<Page> others = new ArrayList<>();
    long end = System.nanoTime() + 700_000_000;
    while (System.nanoTime() < end) {
      int most = 1 << random.nextInt(12);
      for (int i = 0; i < most; i++) {
        boolean besides = i < 64; // in a gap between two that stay
        long start = besides ? (1L << 40) + i * 15_000L + 5060 : (1L << 50) + i * 4096L;
        boolean large = !besides && random.nextInt(8) == 0;
        others.add(large ? page((1L << 51) + ((long) i << 24), 1 << 22) : page(start, 4096));
        table.add(others.get(i));
      }
      Collections.shuffle(others, random);
      others.forEach(table::remove);
      others.clear();
    }
    done.set(true);
    for (Thread reader : readers) {
      reader.join();
    }
    assertNull(missed.get());
  }

  @Test
  void isAsItWasOrWholeAfterAFullStackAtAnyDepth() throws InterruptedException {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    Thread thread = new Thread(null, PageTableTest::fillTheStack, "small stack", 256 * 1024);
    thread.setUncaughtExceptionHandler((t, e) -> thrown.set(e));
    thread.start();
    thread.join();
    assertNull(thrown.get());
  }

  private static void fillTheStack() {
    int[] failed = new int[3];
    for (int depth = 0; depth < 600; depth++) {
      PageTable table = new PageTable(4096, 1, () -> PageTable.FIRST_MULTIPLIER);
      Model model = new Model();
      long end = 1 << 30;
      for (int i = 0; i < 4; i++) {
        Page page = page(end, 65_000);
        table.add(page);
        model.pages.put(end, page);
        end += 65_000;
      }
      Page inPlace = page(end, 65_000);
      Page large = page(1L << 50, 1L << 40);
      failed[0] += fails(depth, () -> table.add(inPlace));
      agreeWhole(model, table, inPlace);
      failed[1] += fails(depth, () -> table.add(large)); // a level that makes a rebuild
      agreeWhole(model, table, large);
      failed[2] += fails(depth, () -> table.remove(inPlace));
      model.pages.remove(inPlace.start());
      agreeWhole(model, table, inPlace);
      table.remove(inPlace);
      table.remove(large);
      model.pages.keySet().removeIf(start -> start == inPlace.start() || start == large.start());
      model.agree(table, "depth=" + depth);
      model.pages.values().forEach(table::remove);
      assertEquals(0, table.held());
    }
    for (int count : failed) {
      assertTrue(count > 0 && count < 600, () -> "failed=" + Arrays.toString(failed));
    }
  }

  /** Enters a page in the model iff the table has all of it; some of it is a failure. */
  private static void agreeWhole(Model model, PageTable table, Page page) {
    if (table.find(page.start()) == page) {
      model.pages.put(page.start(), page);
    }
    for (int i = 0; i < 65; i++) {
      long address = page.start() + i * (page.bytes / 65);
      assertSame(model.find(address), table.find(address));
    }
    model.agree(table, "page=" + page.start());
  }

  /**
   * {@return 1 if the step fails depth / 16 frames above the one in which the stack is full; depth
   * % 16 wider frames come first, so that fractions of a frame are tried as well}
   */
  private static int fails(int depth, Runnable step) {
    int[] failed = new int[1];
    shift(depth % 16, depth / 16, step, failed);
    return failed[0];
  }

  private static void shift(int wide, int gap, Runnable step, int[] failed) {
    if (wide > 0) {
      shift(wide - 1, gap, step, failed);
    } else {
      down(gap, step, failed);
    }
  }

  @SuppressWarnings("InfiniteRecursion") // its end is the stack's
  private static int down(int gap, Runnable step, int[] failed) {
    int above;
    try {
      above = down(gap, step, failed) + 1;
    } catch (StackOverflowError e) {
      above = 0;
    }
    if (above == gap) {
      try {
        step.run();
      } catch (StackOverflowError e) {
        failed[0]++;
      }
    }
    return above;
  }
}
