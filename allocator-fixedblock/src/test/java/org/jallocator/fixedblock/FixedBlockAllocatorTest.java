package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.stream.LongStream;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What fixed blocks promise beyond the contract. */
final class FixedBlockAllocatorTest {

  private final RecordingAllocator inner = RecordingAllocator.create();

  private static long[] malloc(Allocator allocator, int count) {
    return LongStream.range(0, count).map(i -> allocator.malloc(1)).toArray();
  }

  private static void free(Allocator allocator, long... addresses) {
    for (long address : addresses) {
      allocator.free(address);
    }
  }

  @Test
  void aPageIsOneInnerMallocOfPageSizeBytes() {
    try (var blocks = FixedBlockAllocator.create(inner, 160, 8, 8)) {
      free(blocks, malloc(blocks, 20));
      assertEquals(List.of(160L), inner.sizes());
    }
    inner.assertEverythingReturned();
  }

  @Test
  void slackIsAskedForOnlyWhereTheInnerAlignsWorse() {
    var coarse = RecordingAllocator.builder().alignment(16).exactlyAligned(true).build();
    try (var blocks = FixedBlockAllocator.create(coarse, 256, 64, 64)) {
      long address = blocks.malloc(1);
      assertEquals(0, address % 64);
      assertEquals(List.of(256L + 48), coarse.sizes());
      blocks.free(address);
    }
    try (var blocks = FixedBlockAllocator.create(coarse, 256, 64, 16)) {
      blocks.free(blocks.malloc(1));
      assertEquals(256, coarse.sizes().get(1));
    }
  }

  @Test
  void blocksComeLowestAddressFirst() {
    try (var blocks = FixedBlockAllocator.create(inner, 200 * 24, 24, 8)) {
      long[] all = malloc(blocks, 200);
      for (int i = 1; i < all.length; i++) {
        assertEquals(all[0] + i * 24L, all[i]);
      }
      free(blocks, all[150], all[70], all[10]);
      assertArrayEquals(new long[] {all[10], all[70], all[150]}, malloc(blocks, 3));
      free(blocks, all);
    }
  }

  @Test
  void aBlockOfTheWordInHandComesBackAtOnce() {
    try (var blocks = FixedBlockAllocator.create(inner, 4096, 64, 8)) {
      long first = blocks.malloc(64);
      blocks.free(first);
      assertEquals(first, blocks.malloc(64));
      blocks.free(first);
    }
  }

  @Test
  void aPageGoesBackWhenThreeQuartersAreFreeAsInTheReference() {
    try (var blocks = FixedBlockAllocator.create(inner, 16, 8, 8)) {
      long[] all = malloc(blocks, 7);
      assertEquals(4, inner.mallocs());
      free(blocks, all[1], all[0], all[3], all[4]);
      assertEquals(0, inner.frees());
      free(blocks, all[2]);
      assertEquals(1, inner.frees());
      free(blocks, all[5], all[6]);
      assertEquals(3, inner.frees());
    }
    inner.assertEverythingReturned();
  }

  @ParameterizedTest
  @CsvSource({"64, 1", "640, 10", "4096, 64", "64000, 1000", "1048576, 16384"})
  void onePageIsLeftWhenEverythingIsFreedInWhateverOrder(long pageSize, int blocksPerPage) {
    for (int order = 0; order < 4; order++) {
      try (var blocks = FixedBlockAllocator.create(inner, pageSize, 64, 8)) {
        long[] all = malloc(blocks, 9 * blocksPerPage - blocksPerPage / 2);
        free(blocks, ordered(all, order));
        assertEquals(pageSize, blocks.stats().reservedBytes(), "order " + order);
        assertEquals(0, blocks.stats().liveBlocks());
      }
      inner.assertEverythingReturned();
    }
  }

  private static long[] ordered(long[] all, int order) {
    List<Long> list = new java.util.ArrayList<>(LongStream.of(all).boxed().toList());
    if (order == 1) {
      Collections.reverse(list);
    } else if (order > 1) {
      Collections.shuffle(list, new java.util.Random(order));
    }
    return list.stream().mapToLong(Long::longValue).toArray();
  }

  @ParameterizedTest
  @CsvSource({"64, 1", "192, 3", "4096, 64", "6400, 100", "64000, 1000"})
  void noPageIsHeldAgainstTheRuleAfterAnyStep(long pageSize, int blocksPerPage) {
    long seed = 20261122;
    var random = new java.util.Random(seed);
    try (var blocks = FixedBlockAllocator.create(inner, pageSize, 64, 8)) {
      List<Long> live = new java.util.ArrayList<>();
      for (int step = 0; step < 20_000; step++) {
        boolean grow = random.nextInt(100) < (step / 2000 % 2 == 0 ? 60 : 40);
        if ((grow && live.size() < 12 * blocksPerPage) || live.isEmpty()) {
          live.add(blocks.malloc(1));
        } else {
          int last = live.size() - 1;
          Collections.swap(live, random.nextInt(live.size()), last);
          blocks.free(live.remove(last));
        }
        assertRuleHolds(live, blocksPerPage, "seed=" + seed + ", step=" + step);
      }
      live.forEach(blocks::free);
    }
  }

  private void assertRuleHolds(List<Long> live, int blocksPerPage, String at) {
    var pages = inner.liveBlocks();
    long total = (long) pages.size() * blocksPerPage;
    boolean mostAreFree = 4 * (total - live.size()) >= 3 * total;
    if (pages.size() > 1 && mostAreFree) {
      pages.forEach(
          (start, bytes) ->
              assertTrue(
                  live.stream().anyMatch(a -> Long.compareUnsigned(a - start, bytes) < 0),
                  () -> "a page without a live block is held: " + at));
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "7"})
  void alternatingAtAPagesEdgeMakesNoInnerCalls(int pages) {
    try (var blocks = FixedBlockAllocator.create(inner, 4096, 64, 8)) {
      long[] full = malloc(blocks, pages * 64);
      blocks.free(blocks.malloc(1));
      long calls = inner.mallocs() + inner.frees();
      for (int i = 0; i < 100; i++) {
        blocks.free(blocks.malloc(1));
      }
      assertEquals(calls, inner.mallocs() + inner.frees());
      free(blocks, full);
    }
  }

  @Test
  void emptyPagesAreNotStrandedBehindALiveBlock() {
    try (var blocks = FixedBlockAllocator.create(inner, 4096, 64, 8)) {
      long[] all = malloc(blocks, 100 * 64);
      for (int i = 0; i < all.length - 1; i++) {
        blocks.free(all[i]);
      }
      assertTrue(blocks.stats().reservedBytes() == 4096, () -> blocks.stats().toString());
      blocks.free(all[all.length - 1]);
    }
  }

  @Test
  void aPageOfSixteenMillionBlocksWorksToTheLastOne() {
    int count = PageRules.MAX_BLOCKS;
    try (var blocks = FixedBlockAllocator.create(inner, count, 1, 1)) {
      long first = blocks.malloc(1);
      long last = first;
      for (int i = 1; i < count; i++) {
        last = blocks.malloc(1);
      }
      assertEquals(first + count - 1, last);
      assertEquals(1, inner.mallocs());
      for (int i = 0; i < count; i++) {
        blocks.free(first + i);
      }
    }
  }

  @Test
  void aFreeInAPageThatCameAndWentIsForeign() {
    try (var blocks = FixedBlockAllocator.create(inner, 64, 64, 8)) {
      long[] all = malloc(blocks, 5);
      free(blocks, all);
      Deque<Long> gone = new ArrayDeque<>();
      LongStream.of(all).filter(address -> !blocks.owns(address)).forEach(gone::add);
      assertEquals(4, gone.size());
      for (long address : gone) {
        var e = assertThrows(InvalidFreeException.class, () -> blocks.free(address));
        assertEquals(Reason.FOREIGN, e.reason());
      }
    }
  }

  @Test
  void defaultsFollowTheBlockSize() {
    for (long size : new long[] {1, 3, 8, 12, 48, 64, 100, 4096, 1 << 20}) {
      try (var blocks = FixedBlockAllocator.builder(inner).blockSize(size).build()) {
        assertEquals(size, blocks.maxSize());
        assertEquals(Math.min(16, Long.lowestOneBit(size)), blocks.alignment());
        blocks.free(blocks.malloc(size));
      }
    }
    inner.assertEverythingReturned();
  }

  @Test
  void defaultPagesAreNoLargerThanTheInnerServes() {
    var small = RecordingAllocator.builder().maxSize(1000).build();
    try (var blocks = FixedBlockAllocator.builder(small).blockSize(64).build()) {
      blocks.free(blocks.malloc(64));
      assertEquals(List.of(960L), small.sizes());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "64 | 0 | 1 | blockSize is less than one byte: blockSize=0, limit=1",
        "64 | -8 | 8 | blockSize is less than one byte: blockSize=-8, limit=1",
        "64 | 8 | 3 | alignment is not a power of two: alignment=3, limit=4611686018427387904",
        "64 | 8 | 0 | alignment is not a power of two: alignment=0, limit=4611686018427387904",
        "64 | 12 | 8 | blockSize is not a multiple of alignment: blockSize=12, alignment=8",
        "32 | 64 | 8 | pageSize is less than blockSize: pageSize=32, blockSize=64",
        "-64 | 64 | 8 | pageSize is less than blockSize: pageSize=-64, blockSize=64",
        "100 | 64 | 8 | pageSize is not a multiple of blockSize: pageSize=100, blockSize=64",
        "16777217 | 1 | 1 | page has too many blocks: pageSize/blockSize=16777217, limit=16777216",
      })
  void refusesSizesThatDoNotFitTogether(
      long pageSize, long blockSize, long alignment, String message) {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> FixedBlockAllocator.create(inner, pageSize, blockSize, alignment));
    assertEquals("fixedblock: " + message, e.getMessage());
  }

  @Test
  void refusesAPageThatTheInnerNeverServes() {
    var small = RecordingAllocator.builder().alignment(8).maxSize(4096).build();
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> FixedBlockAllocator.create(small, 4096, 64, 64));
    assertEquals(
        "fixedblock: pageSize exceeds what the inner serves: pageSize=4096, limit=4040",
        e.getMessage());
  }

  @Test
  void hugeAlignmentsAndSizesDoNotOverflow() {
    long half = 1L << 62;
    assertThrows(
        IllegalArgumentException.class,
        () -> FixedBlockAllocator.create(inner, Long.MAX_VALUE, Long.MAX_VALUE, half));
    assertThrows(
        IllegalArgumentException.class,
        () -> FixedBlockAllocator.create(inner, half, half, half).malloc(-1));
  }
}
