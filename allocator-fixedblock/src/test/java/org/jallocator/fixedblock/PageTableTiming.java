package org.jallocator.fixedblock;

import java.util.Arrays;
import java.util.Random;
import org.jallocator.testkit.RecordingAllocator;

/**
 * Times {@link PageTable} and prints a table of nanoseconds; not a test, run it by hand:
 *
 * <pre>
 *   java -cp CLASSES:TEST-CLASSES:API:TESTKIT:JSPECIFY org.jallocator.fixedblock.PageTableTiming
 * </pre>
 *
 * <p>Every look-up checks its page as a free does. Addresses are random ones of live pages, in an
 * array that is read in order; the row {@code index} has the page in another array, and so is what
 * that and the check cost without a table.
 */
final class PageTableTiming {

  private static final long SEED = 20261125;
  private static final int ADDRESSES = 1 << 15;
  private static final int ROUNDS = 9;
  private static final long ROUND_NANOS = 60_000_000;
  private static final int BLOCK = 64;

  private PageTableTiming() {}

  public static void main(String[] args) {
    for (int count : new int[] {1, 100, 10_000}) {
      for (long bytes : new long[] {4096, 65_536}) {
        time(count, bytes, 0);
        time(count, bytes, 16);
      }
    }
    for (int shift = 12; shift <= 30; shift += 3) {
      timeAdding(20_000, 1L << shift);
    }
  }

  static Page page(long start, long bytes) {
    var inner = RecordingAllocator.builder().alignment(1).build();
    Page page =
        Page.confined(PageLayout.ofSizeClass(inner, 0, BLOCK, bytes / BLOCK, 1), Page.NONE.pool);
    page.place(start, start);
    return page;
  }

  private static void time(int count, long bytes, int offset) {
    Random random = new Random(SEED);
    PageTable table = new PageTable(bytes);
    Page[] pages = new Page[count];
    for (int i = 0; i < count; i++) {
      pages[i] = page(0x7f00_0000_0000L + offset + i * (bytes + offset), bytes);
      table.add(pages[i]);
    }
    long[] addresses = new long[ADDRESSES];
    Page[] owners = new Page[ADDRESSES];
    int first = 0;
    int second = 0;
    for (int i = 0; i < ADDRESSES; i++) {
      owners[i] = pages[random.nextInt(count)];
      addresses[i] = owners[i].base + BLOCK * (long) random.nextInt((int) bytes / BLOCK);
      first += table.guess(addresses[i]) == owners[i] ? 1 : 0;
      second += table.guessBesides(addresses[i]) == owners[i] ? 1 : 0;
    }
    System.out.printf(
        "%6d pages of %6d bytes at offset %2d: first %5.1f%%, second %4.1f%%, %5.0f table bytes a page,"
            + " ns: index %5.2f, guess %5.2f, find %5.2f%n",
        count,
        bytes,
        offset,
        100.0 * first / ADDRESSES,
        100.0 * second / ADDRESSES,
        4.0 * table.capacity() / count,
        best(() -> index(owners, addresses)),
        best(() -> guess(table, addresses)),
        best(() -> find(table, addresses)));
  }

  private static double best(java.util.function.LongSupplier pass) {
    double[] nanos = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      long passes = 0;
      long end;
      do {
        if (pass.getAsLong() == 42) {
          System.out.println();
        }
        passes++;
        end = System.nanoTime();
      } while (end - start < ROUND_NANOS);
      nanos[round] = (double) (end - start) / passes / ADDRESSES;
    }
    Arrays.sort(nanos);
    return nanos[ROUNDS / 2];
  }

  private static long index(Page[] owners, long[] addresses) {
    long sum = 0;
    for (int i = 0; i < ADDRESSES; i++) {
      Page page = owners[i];
      long index = page.index(addresses[i]);
      if (index >= 0 && index < page.blocks) {
        sum += index;
      }
    }
    return sum;
  }

  private static long guess(PageTable table, long[] addresses) {
    long sum = 0;
    for (int i = 0; i < ADDRESSES; i++) {
      long address = addresses[i];
      Page page = table.guess(address);
      long index = page.index(address);
      if (index < 0 || index >= page.blocks) {
        page = table.guessBesides(address);
        index = page.index(address);
        if (index < 0 || index >= page.blocks) {
          page = table.find(address);
          index = page.index(address);
        }
      }
      sum += index;
    }
    return sum;
  }

  private static long find(PageTable table, long[] addresses) {
    long sum = 0;
    for (int i = 0; i < ADDRESSES; i++) {
      sum += table.find(addresses[i]).index(addresses[i]);
    }
    return sum;
  }

  private static void timeAdding(int count, long stride) {
    Page[] pages = new Page[count];
    for (int i = 0; i < count; i++) {
      pages[i] = page(i * stride, 4096);
    }
    double[] nanos = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      PageTable table = new PageTable(4096);
      long start = System.nanoTime();
      for (Page page : pages) {
        table.add(page);
      }
      nanos[round] = (double) (System.nanoTime() - start) / count;
    }
    PageTable table = new PageTable(4096);
    int first = 0;
    int second = 0;
    for (Page page : pages) {
      table.add(page);
    }
    for (Page page : pages) {
      for (int i = 0; i < 4096; i += 64) {
        first += table.guess(page.base + i) == page ? 1 : 0;
        second += table.guessBesides(page.base + i) == page ? 1 : 0;
      }
    }
    Arrays.sort(nanos);
    System.out.printf(
        "first %5.1f second %5.1f, ", first * 100.0 / 64 / count, second * 100.0 / 64 / count);
    System.out.printf(
        "%d pages of 4 KiB at a stride of %10d: ns to add: first table %5.0f, median %4.0f%n",
        count, stride, nanos[0], nanos[ROUNDS / 2]);
  }
}
