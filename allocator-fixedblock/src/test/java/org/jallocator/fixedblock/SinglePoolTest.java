package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.NavigableSet;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Neighbours that are freed one after the other, of pages that are full: the open word's case. */
final class SinglePoolTest {

  private static final long BLOCK_SIZE = 64;

  /** Four words a page, the last of them of 8 blocks. */
  private static final int BLOCKS = 200;

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final FixedBlockAllocator blocks =
      FixedBlockAllocator.create(inner, BLOCKS * BLOCK_SIZE, BLOCK_SIZE, 8);

  /** All of two pages and a bit of a third, neighbours side by side. */
  private final long[] all = malloc(blocks, 2 * BLOCKS + 30);

  @AfterEach
  void allComesBack() {
    for (long address : all) {
      if (blocks.owns(address)) {
        try {
          blocks.free(address);
        } catch (InvalidFreeException freeAlready) {
          assertEquals(Reason.DOUBLE_FREE, freeAlready.reason());
        }
      }
    }
    blocks.close();
    inner.assertEverythingReturned();
  }

  private static long[] malloc(Allocator allocator, int count) {
    return LongStream.range(0, count).map(i -> allocator.malloc(1)).toArray();
  }

  private void free(int from, int to) {
    free(blocks, all, from, to);
  }

  private static void free(Allocator allocator, long[] addresses, int from, int to) {
    for (int i = from; i < to; i++) {
      allocator.free(addresses[i]);
    }
  }

  private void assertRefused(Reason reason, long address) {
    var e = assertThrows(InvalidFreeException.class, () -> blocks.free(address));
    assertEquals(reason, e.reason());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 9})
  void aSecondFreeIsFoundWhicheverNeighbourItIs(int which) {
    free(0, 10);
    assertRefused(Reason.DOUBLE_FREE, all[which]);
    free(10, 20);
    assertRefused(Reason.DOUBLE_FREE, all[which]);
    assertRefused(Reason.DOUBLE_FREE, all[19]);
    assertEquals(all.length - 20, blocks.stats().liveBlocks());
  }

  @ParameterizedTest
  @CsvSource({"4, 64, DOUBLE_FREE", "4, 65, DOUBLE_FREE", "11, 65, SIZE_MISMATCH"})
  void aSizeThatIsToldIsChecked(int which, long size, Reason reason) {
    free(0, 10);
    var e = assertThrows(InvalidFreeException.class, () -> blocks.free(all[which], size));
    assertEquals(reason, e.reason());
  }

  @Test
  void aSecondFreeIsFoundInTheWordsThatNeighboursFilled() {
    free(0, 150);
    for (int i = 2 * BLOCKS - 1; i >= 2 * BLOCKS - 100; i--) {
      blocks.free(all[i]);
    }
    for (int i = 0; i < 100; i++) {
      assertRefused(Reason.DOUBLE_FREE, all[i]);
      assertRefused(Reason.DOUBLE_FREE, all[2 * BLOCKS - 1 - i]);
    }
    assertEquals(all.length - 250, blocks.stats().liveBlocks());
  }

  @Test
  void anAddressWithinABlockIsNone() {
    free(0, 10);
    for (long offset : new long[] {1, 8, BLOCK_SIZE - 1}) {
      assertRefused(Reason.NOT_A_BLOCK, all[3] + offset);
      assertRefused(Reason.NOT_A_BLOCK, all[30] + offset);
    }
  }

  @Test
  void figuresKnowOfEveryFreeAtOnce() {
    for (int i = 0; i < 100; i++) {
      blocks.free(all[i]);
      if (i % 7 == 0) {
        var stats = blocks.stats();
        assertEquals(all.length - i - 1, stats.liveBlocks());
        assertEquals((all.length - i - 1) * BLOCK_SIZE, stats.liveBytes());
      }
    }
  }

  @Test
  void aLeakNamesWhatIsLiveAndNotWhatJustCameBack() {
    free(0, 10);
    var e = assertThrows(LeakException.class, blocks::close);
    assertEquals(all.length - 10, e.liveBlocks());
    assertEquals(all[10], e.addresses()[0]);
  }

  @Test
  void whatCameBackIsHandedOutAgainBeforeANewPageIsTaken() {
    long[] rest = malloc(blocks, 3 * BLOCKS - all.length);
    free(70, 80);
    long mallocs = inner.mallocs();
    long[] again = malloc(blocks, 10);
    for (int i = 0; i < 10; i++) {
      assertEquals(all[70 + i], again[i]);
    }
    assertEquals(mallocs, inner.mallocs());
    LongStream.of(rest).forEach(blocks::free);
  }

  @Test
  void aPageThatCameBackWholeGoesWhenLaterFreesLetIt() {
    var source = RecordingAllocator.builder().alignment(8192).build(); // one page a window
    try (var pool = FixedBlockAllocator.create(source, 2 * 64 * BLOCK_SIZE, BLOCK_SIZE, 8)) {
      long[] of4Pages = malloc(pool, 4 * 2 * 64);
      for (int word = 2; word < 6; word++) { // that the later frees be of no word's first
        free(pool, of4Pages, word * 64, word * 64 + 1);
      }
      free(pool, of4Pages, 0, 2 * 64);
      for (int word = 2; word < 6; word++) {
        free(pool, of4Pages, word * 64 + 2, word * 64 + 64);
      }
      free(pool, of4Pages, 7 * 64, 7 * 64 + 3);
      assertEquals(0, source.frees());
      free(pool, of4Pages, 7 * 64 + 3, 7 * 64 + 4);
      assertEquals(1, source.frees(), "128 of 512 blocks are live, and a page has none");
      for (int word = 2; word < 6; word++) {
        free(pool, of4Pages, word * 64 + 1, word * 64 + 2);
      }
      free(pool, of4Pages, 6 * 64, 7 * 64);
      free(pool, of4Pages, 7 * 64 + 4, 8 * 64);
    }
    source.assertEverythingReturned();
  }

  @ParameterizedTest
  @CsvSource({"64, 1", "100, 1", "200, 3", "256, 70", "1000, 20", "40, 9"})
  void noPageIsHeldAgainstTheRuleHoweverNeighboursComeBack(int blocksPerPage, int longestRun) {
    long seed = 20261124;
    var random = new Random(seed);
    var source = RecordingAllocator.builder().baseAddress(1L << 40).build();
    try (var pool = FixedBlockAllocator.create(source, blocksPerPage * 64L, 64, 8)) {
      NavigableSet<Long> live = new TreeSet<>();
      for (int turn = 0; turn < 400; turn++) {
        String at = "seed=" + seed + ", turn=" + turn;
        while (live.size() < (turn % 4 == 0 ? 12 : 2) * blocksPerPage) {
          live.add(pool.malloc(1));
        }
        int left = random.nextInt(live.size());
        while (live.size() > left) {
          freeRun(pool, live, 1 + random.nextInt(longestRun), random, at, source, blocksPerPage);
        }
      }
      live.forEach(pool::free);
    }
    source.assertEverythingReturned();
  }

  private static void freeRun(
      Allocator pool,
      NavigableSet<Long> live,
      int length,
      Random random,
      String at,
      RecordingAllocator source,
      int blocksPerPage) {
    long step = random.nextBoolean() ? BLOCK_SIZE : -BLOCK_SIZE;
    long lowest = live.first();
    Long start = live.floor(lowest + random.nextLong(live.last() - lowest + 1));
    for (int i = 0; i < length && live.remove(start); i++) {
      pool.free(start);
      assertRuleHolds(live, source, blocksPerPage, at);
      start += step;
    }
  }

  private static void assertRuleHolds(
      NavigableSet<Long> live, RecordingAllocator source, int blocksPerPage, String at) {
    var pages = source.liveBlocks();
    if (pages.size() > 1 && 4 * live.size() <= pages.size() * blocksPerPage) {
      pages.forEach(
          (start, bytes) ->
              assertTrue(
                  !live.subSet(start, start + bytes).isEmpty(),
                  () -> "a page without a live block is held: " + at));
    }
  }
}
