package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ChunkTableTest {

  /** A caller of the table, and the naive search that the table must agree with. */
  private static final class Stretches {
    private final ChunkTable table = new ChunkTable();
    private long[] words = new long[2];
    private int count;

    void add(long start, long length) {
      table.reserve(words, count + 1);
      if (2 * count == words.length) {
        words = Arrays.copyOf(words, 4 * count);
      }
      words[2 * count] = start;
      words[2 * count + 1] = length;
      count++;
    }

    /** Empties an entry that keeps its place. */
    void empty(int index) {
      table.remove(words, index);
      words[2 * index + 1] = 0;
    }

    void removeLast() {
      count--;
      table.removeLast(words, count);
    }

    long start(int index) {
      return words[2 * index];
    }

    long length(int index) {
      return words[2 * index + 1];
    }

    int find(long address) {
      return table.find(words, count, address);
    }

    int search(long address) {
      for (int index = 0; index < count; index++) {
        if (Long.compareUnsigned(address - start(index), length(index)) < 0) {
          return index;
        }
      }
      return ChunkTable.NOT_FOUND;
    }

    boolean overlaps(long start, long length) {
      for (int index = 0; index < count; index++) {
        if (Long.compareUnsigned(start - start(index), length(index)) < 0
            || Long.compareUnsigned(start(index) - start, length) < 0) {
          return true;
        }
      }
      return false;
    }

    void check(String at) {
      for (int index = 0; index < count; index++) {
        long start = start(index);
        long length = length(index);
        for (long offset : new long[] {-1, 0, 1, length / 2, length - 1, length, 2 * length}) {
          assertEquals(search(start + offset), find(start + offset), at);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void agreesWithASearchAfterEachOfManyRandomSteps(long seed) {
    Random random = new Random(seed);
    Stretches stretches = new Stretches();
    long base = random.nextBoolean() ? Long.MIN_VALUE - 5000 : random.nextLong();
    int maxLevel = 1 + random.nextInt(14);
    for (int step = 0; step < 1500; step++) {
      String at = "seed=" + seed + ", step=" + step;
      int choice = random.nextInt(100);
      if (stretches.count == 0 || (choice < 55 && stretches.count < 60)) {
        long start = base + random.nextInt(1 << 14);
        long length = 1L + (random.nextInt() >>> (32 - random.nextInt(1, maxLevel + 1)));
        if (!stretches.overlaps(start, length) && start + length - 1 != -1) {
          stretches.add(start, length);
        }
      } else if (choice < 75) {
        stretches.removeLast();
      } else {
        int index = random.nextInt(stretches.count);
        if (stretches.length(index) != 0) {
          stretches.empty(index);
        }
      }
      if (random.nextInt(4) == 0) {
        stretches.check(at);
      }
      if (random.nextInt(300) == 0) {
        stretches.table.clear();
      }
      long address = base + random.nextInt(1 << 15);
      assertEquals(stretches.search(address), stretches.find(address), at);
    }
  }

  @Test
  void findsAdjacentStretchesOfEveryLengthWhereverTheirWindowsLie() {
    for (long length = 1; length <= 70; length++) {
      for (long shift = 0; shift < 3; shift++) {
        Stretches stretches = new Stretches();
        for (int i = 0; i < 20; i++) {
          stretches.add(0x7fff_ffff_ffff_ff00L + shift + i * length, length);
        }
        stretches.check("length=" + length + ", shift=" + shift);
      }
    }
  }

  @Test
  void findsTheFirstAndTheLastByteOfTheAddressSpace() {
    Stretches stretches = new Stretches();
    stretches.add(1, 15);
    stretches.add(-4096, 4096);
    stretches.add(-5000, 900);
    stretches.check("edges");
    assertEquals(1, stretches.find(-1));
    assertEquals(ChunkTable.NOT_FOUND, stretches.find(0));
  }

  @Test
  void findsStretchesOfHalfTheAddressSpace() {
    Stretches stretches = new Stretches();
    stretches.add(1, Long.MAX_VALUE);
    stretches.add(Long.MIN_VALUE, Long.MAX_VALUE);
    stretches.check("halves");
    assertEquals(0, stretches.find(Long.MAX_VALUE));
    assertEquals(1, stretches.find(Long.MIN_VALUE));
    assertEquals(1, stretches.find(-2));
    assertEquals(ChunkTable.NOT_FOUND, stretches.find(-1));
  }

  @Test
  void findsOneStretchOfEachLevel() {
    Stretches stretches = new Stretches();
    long start = 16;
    for (int level = 0; level < 62; level++) {
      stretches.add(start, 1L << level);
      start += (1L << level) + 1;
    }
    stretches.check("levels");
    while (stretches.count > 0) {
      stretches.removeLast();
      stretches.check("levels=" + stretches.count);
    }
  }

  @Test
  void forgetsAStretchThatIsRemovedAndKeepsItsNeighbours() {
    Stretches stretches = new Stretches();
    for (int i = 0; i < 200; i++) {
      stretches.add(0x1000L + i * 64L, 64);
    }
    stretches.check("full");
    for (int i = 0; i < 200; i += 3) {
      stretches.empty(i);
    }
    stretches.check("thinned");
  }

  @Test
  void refusesMoreStretchesThanAnArrayHolds() {
    ChunkTable table = new ChunkTable();
    OutOfMemoryError error =
        assertThrows(OutOfMemoryError.class, () -> table.reserve(new long[0], (1 << 29) + 1));
    assertEquals("arena: too many chunks: chunks=536870913, limit=536870912", error.getMessage());
  }
}
