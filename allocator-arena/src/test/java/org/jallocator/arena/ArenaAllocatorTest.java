package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What an arena promises beyond the contract: when room is there again, and what it costs. */
final class ArenaAllocatorTest {

  private static final int CHUNK = 1024;

  private final RecordingAllocator inner = RecordingAllocator.create();
  private ArenaAllocator arena = ArenaAllocator.create(inner, CHUNK, 16);

  private static Reason refusal(ArenaAllocator arena, long address) {
    return assertThrows(InvalidFreeException.class, () -> arena.free(address)).reason();
  }

  private List<Long> mallocs(int count, long size) {
    List<Long> addresses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      addresses.add(arena.malloc(size));
    }
    return addresses;
  }

  @Nested
  final class TheYoungestBlock {

    @Test
    void givesItsRoomToTheNext() {
      arena.malloc(16);
      long young = arena.malloc(100);
      arena.free(young);
      assertEquals(young, arena.malloc(300));
    }

    @Test
    void isRefusedWhenFreedTwice() {
      arena.malloc(16);
      long young = arena.malloc(100);
      arena.free(young);
      assertEquals(Reason.DOUBLE_FREE, refusal(arena, young));
      long shorter = arena.malloc(16);
      assertEquals(young, shorter);
      arena.free(shorter);
      assertEquals(Reason.DOUBLE_FREE, refusal(arena, young));
    }

    @Test
    void isNoBlockOnceALongerOneLiesOverIt() {
      arena.malloc(16);
      long first = arena.malloc(16);
      long second = arena.malloc(16);
      long third = arena.malloc(16);
      arena.free(third);
      arena.free(second);
      arena.free(first);
      assertEquals(first, arena.malloc(32));
      assertEquals(Reason.NOT_A_BLOCK, refusal(arena, second));
      assertEquals(Reason.DOUBLE_FREE, refusal(arena, third));
    }

    @Test
    void givesBackTheRoomOfThoseFreedBeforeIt() {
      arena.malloc(16);
      List<Long> blocks = mallocs(40, 16);
      for (long address : blocks) {
        arena.free(address);
      }
      assertEquals(blocks.get(0), arena.malloc(16));
    }

    @Test
    void givesBackNothingBelowALiveBlock() {
      arena.malloc(16);
      List<Long> blocks = mallocs(10, 48);
      arena.free(blocks.get(3));
      for (int i = 5; i < 10; i++) {
        arena.free(blocks.get(i));
      }
      assertEquals(blocks.get(5), arena.malloc(16));
      arena.free(blocks.get(4));
      arena.free(blocks.get(5));
      assertEquals(blocks.get(3), arena.malloc(16));
    }

    @Test
    void isFoundThroughLongBlocksThatWereFreedBefore() {
      ArenaAllocator bytes = ArenaAllocator.create(inner, 8000, 1);
      bytes.malloc(1);
      long first = bytes.malloc(1000);
      long second = bytes.malloc(2000);
      long third = bytes.malloc(3000);
      bytes.free(third);
      bytes.free(second);
      assertEquals(second, bytes.malloc(1));
      bytes.free(second);
      bytes.free(first);
      assertEquals(first, bytes.malloc(1));
    }
  }

  @Nested
  final class AChunk {

    @Test
    void isEmptyAgainOnceItsLastBlockIsFree() {
      List<Long> blocks = mallocs(9, 100);
      Collections.shuffle(blocks, new Random(1));
      long first = Collections.min(blocks, Long::compareUnsigned);
      blocks.forEach(arena::free);
      assertEquals(first, arena.malloc(16));
      assertEquals(1, inner.mallocs());
    }

    @Test
    void isUsedNextOnceItsLastBlockIsFreeWhileAnotherIsCurrent() {
      List<Long> first = mallocs(CHUNK / 64, 64);
      List<Long> second = mallocs(CHUNK / 64, 64);
      List<Long> third = mallocs(1, 64);
      assertEquals(3, inner.mallocs());
      second.forEach(arena::free);
      first.forEach(arena::free);
      mallocs(3 * CHUNK / 64 - third.size(), 64);
      assertEquals(3, inner.mallocs());
      assertEquals(0, inner.frees());
    }

    @Test
    void knowsItsFreeBlocksWhileItIsSpare() {
      List<Long> first = mallocs(CHUNK / 64, 64);
      mallocs(1, 64);
      first.forEach(arena::free);
      assertEquals(Reason.DOUBLE_FREE, refusal(arena, first.get(7)));
      assertEquals(Reason.NOT_A_BLOCK, refusal(arena, first.get(7) + 16));
    }

    @Test
    void isFilledToItsLastGranule() {
      mallocs(CHUNK / 16, 1);
      assertEquals(1, inner.mallocs());
      arena.malloc(1);
      assertEquals(2, inner.mallocs());
      assertEquals(List.of((long) CHUNK, (long) CHUNK), inner.sizes());
    }

    @Test
    void servesUpToHalfOfItselfAndNoMore() {
      arena.malloc(CHUNK / 2);
      arena.malloc(CHUNK / 2);
      assertEquals(List.of((long) CHUNK), inner.sizes());
      long own = arena.malloc(CHUNK / 2 + 1);
      assertEquals(List.of((long) CHUNK, CHUNK / 2 + 16L), inner.sizes());
      arena.free(own);
      assertEquals(1, inner.frees());
      assertEquals(Reason.FOREIGN, refusal(arena, own));
    }

    @Test
    void servesNoMoreThanHalfOfItselfEvenWhereItHasTheRoom() {
      arena.malloc(16);
      arena.malloc(CHUNK / 2 + 1);
      assertEquals(List.of((long) CHUNK, CHUNK / 2 + 16L), inner.sizes());
    }

    @Test
    void isNoLongerThanTheInnerServes() {
      RecordingAllocator small = RecordingAllocator.builder().maxSize(100).build();
      ArenaAllocator clipped = ArenaAllocator.create(small);
      assertEquals(100, clipped.maxSize());
      clipped.malloc(16);
      clipped.malloc(100);
      assertEquals(List.of(96L, 100L), small.sizes());
      assertEquals("arena(chunkSize=96, alignment=16, retain=4194304)", clipped.toString());
    }
  }

  @Nested
  final class FreeAll {

    @Test
    void keepsOneChunkAndGivesBackTheRestIfItMayRetainNothing() {
      arena = ArenaAllocator.builder(inner).chunkSize(CHUNK).retain(0).build();
      mallocs(100, 64);
      mallocs(5, 600);
      arena.freeAll();
      assertEquals(1, inner.liveBlocks().size());
      assertEquals(CHUNK, inner.liveBytes());
      long mallocs = inner.mallocs();
      mallocs(CHUNK / 64, 64);
      assertEquals(mallocs, inner.mallocs());
    }

    @Test
    void knowsTheBlocksOfTheChunkThatItKeeps() {
      long address = arena.malloc(64);
      arena.freeAll();
      assertEquals(Reason.DOUBLE_FREE, refusal(arena, address));
      assertEquals(Reason.NOT_A_BLOCK, refusal(arena, address + 16));
    }

    @Test
    void keepsAChunkWhereNoneIsCurrent() {
      long mark = arena.mark();
      mallocs(40, 64);
      arena.release(mark);
      arena.freeAll();
      assertEquals(3, inner.liveBlocks().size());
      mallocs(CHUNK / 64, 64);
      assertEquals(3, inner.liveBlocks().size());
    }
  }

  @Nested
  final class AMark {

    @Test
    void takesNoInnerMemoryInALoop() {
      arena.malloc(16);
      long expected = 0;
      for (int i = 0; i < 100; i++) {
        long mark = arena.mark();
        long address = arena.malloc(40);
        mallocs(40, 64);
        assertTrue(i == 0 || address == expected);
        expected = address;
        arena.release(mark);
      }
      assertEquals(3, inner.mallocs());
    }

    @Test
    void keepsTheRoomOfOlderBlocksThatAreFreedUntilItIsReleased() {
      arena.malloc(16);
      long older = arena.malloc(64);
      long mark = arena.mark();
      arena.free(older);
      assertEquals(older + 64, arena.malloc(64));
      arena.release(mark);
      assertEquals(older, arena.malloc(64));
    }

    @Test
    void keepsItsChunkInPlaceWhileAllBlocksInThatAreFree() {
      List<Long> first = mallocs(CHUNK / 64 - 1, 64);
      long mark = arena.mark();
      long younger = arena.malloc(64);
      List<Long> second = mallocs(CHUNK / 64, 64);
      first.forEach(arena::free);
      arena.free(younger);
      mallocs(1, 64);
      assertEquals(3, inner.mallocs());
      arena.release(mark);
      assertEquals(Reason.DOUBLE_FREE, refusal(arena, second.get(0)));
      assertEquals(first.get(0), arena.malloc(64));
      arena.freeAll();
    }

    @Test
    void keepsItsChunkInPlaceNoLongerThanItIsGood() {
      long outer = arena.mark();
      mallocs(CHUNK / 64, 64);
      arena.mark();
      arena.release(outer);
      arena.malloc(64);
      arena.mark();
      arena.freeAll();
      List<Long> first = mallocs(CHUNK / 64, 64);
      mallocs(1, 64);
      assertEquals(2, inner.mallocs());
      first.forEach(arena::free);
      mallocs(2 * CHUNK / 64 - 1, 64);
      assertEquals(2, inner.mallocs());
    }

    @Test
    void doesNotHideALongFreeBlockOnceItIsReleased() {
      ArenaAllocator bytes = ArenaAllocator.create(inner, 8000, 1);
      long older = bytes.malloc(4000);
      long mark = bytes.mark();
      bytes.free(older);
      bytes.malloc(10);
      bytes.release(mark);
      assertEquals(older, bytes.malloc(4000));
    }

    @Test
    void isNotAnotherArenas() {
      Set<Long> marks = new HashSet<>();
      for (int i = 0; i < 50; i++) {
        ArenaAllocator other = ArenaAllocator.create(inner);
        for (int j = 0; j < 600; j++) {
          assertTrue(marks.add(other.mark()));
        }
      }
      assertTrue(marks.add(arena.mark()));
      for (long mark : List.copyOf(marks).subList(0, 100)) {
        ArenaAllocator fresh = ArenaAllocator.create(inner);
        fresh.mark();
        IllegalStateException stale =
            assertThrows(IllegalStateException.class, () -> fresh.release(mark));
        assertEquals("arena: mark is stale or was never given: mark=" + mark, stale.getMessage());
      }
    }

    @Test
    void findsItsBlocksAfterOlderOnesOfTheirOwnWereFreed() {
      List<Long> older = mallocs(100, 600);
      long mark = arena.mark();
      List<Long> younger = mallocs(20, 600);
      long inside = arena.mark();
      List<Long> youngest = mallocs(20, 600);
      older.subList(0, 95).forEach(arena::free);
      younger.subList(3, 19).forEach(arena::free);
      mallocs(200, 600);
      arena.release(inside);
      youngest.forEach(address -> assertFalse(arena.owns(address)));
      assertTrue(arena.owns(younger.get(0)));
      assertTrue(arena.owns(younger.get(19)));
      arena.release(mark);
      assertFalse(arena.owns(younger.get(0)));
      assertEquals(5, arena.stats().liveBlocks());
      older.subList(95, 100).forEach(arena::free);
      arena.close();
      inner.assertEverythingReturned();
    }
  }

  @Nested
  final class TheReferencesUse {

    @Test
    void worksWithAnArenaPerTaskOverBlocksOf64Bytes() {
      RecordingAllocator blocks =
          RecordingAllocator.builder().maxSize(64).alignment(8).reusesAddresses(true).build();
      for (int task = 1; task <= 1000; task++) {
        ArenaAllocator perTask = ArenaAllocator.create(blocks);
        long first = perTask.malloc(64);
        long second = perTask.malloc(64);
        assertNotEquals(first, second);
        perTask.freeAll();
        perTask.close();
        assertEquals(2L * task, blocks.mallocs());
        blocks.assertEverythingReturned();
      }
    }
  }

  @Test
  void asksForSlackOnlyWhereTheInnerIsLessAligned() {
    ArenaAllocator.create(inner, CHUNK, 16).malloc(600);
    ArenaAllocator.create(inner, CHUNK, 8).malloc(600);
    ArenaAllocator.create(inner, CHUNK, 64).malloc(640);
    assertEquals(List.of(608L, 600L, 640L + 48), inner.sizes());
    assertEquals(Long.MAX_VALUE - 48, ArenaAllocator.create(inner, CHUNK, 64).maxSize());
  }

  @Test
  void alignsAsTheInnerDoesByDefaultAndToNoMoreThanSixteen() {
    for (long alignment : new long[] {1, 8, 16}) {
      Allocator blocks = RecordingAllocator.builder().alignment(alignment).build();
      assertEquals(alignment, ArenaAllocator.create(blocks).alignment());
      assertEquals(alignment, ArenaAllocator.builder(blocks).build().alignment());
    }
    Allocator pages = RecordingAllocator.builder().alignment(4096).build();
    assertEquals(16, ArenaAllocator.create(pages).alignment());
    assertEquals(
        "arena(chunkSize=8192, alignment=64, retain=4194304)",
        ArenaAllocator.builder(pages).chunkSize(8192).alignment(64).build().toString());
  }

  @Test
  void countsABlockAsItsSizeRoundedUpToTheAlignment() {
    arena.malloc(1);
    arena.malloc(17);
    arena.malloc(1000);
    assertEquals(
        new AllocatorStats(3, 16 + 32 + 1008, CHUNK + 1008, CHUNK + 1008, 2, 0), arena.stats());
  }

  @Test
  void takesAnySizeThatRoundsUpToTheBlocksLengthForTheBlocks() {
    long small = arena.malloc(20);
    long own = arena.malloc(1000);
    for (long size : new long[] {16, 33, 0, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
      InvalidFreeException refusal =
          assertThrows(InvalidFreeException.class, () -> arena.free(small, size));
      assertEquals(
          "arena: size is not the block's: address=0x"
              + Long.toHexString(small)
              + ", size="
              + size
              + ", limit=32",
          refusal.getMessage());
    }
    assertEquals(
        Reason.SIZE_MISMATCH,
        assertThrows(InvalidFreeException.class, () -> arena.tryFree(own, 992)).reason());
    arena.free(small, 32);
    arena.free(own, 993);
    arena.close();
  }

  @Test
  void tellsOnClosingWhichBlocksAreLive() {
    List<Long> live = new ArrayList<>(mallocs(3, 16));
    live.addAll(mallocs(9, 1000));
    arena.free(live.remove(1));
    LeakException leak = assertThrows(LeakException.class, arena::close);
    assertEquals(11, leak.liveBlocks());
    assertEquals(2 * 16 + 9 * 1008, leak.liveBytes());
    assertEquals(live.subList(0, 8), Arrays.stream(leak.addresses()).boxed().toList());
    live.forEach(arena::free);
    arena.close();
    inner.assertEverythingReturned();
    assertEquals(new AllocatorStats(0, 0, 0, CHUNK + 9 * 1008, 10, 10), arena.stats());
  }

  @Test
  void servesTheLargestSizesThatTheInnerServes() {
    RecordingAllocator low = RecordingAllocator.builder().baseAddress(16).build();
    ArenaAllocator huge = ArenaAllocator.create(low, CHUNK, 64);
    long address = huge.malloc(huge.maxSize());
    assertEquals(Long.MAX_VALUE, low.liveBytes());
    assertTrue(huge.owns(address + huge.maxSize() - 1));
    assertEquals(Allocator.NULL, huge.tryMalloc(huge.maxSize() + 1));
    huge.free(address, huge.maxSize());
    assertEquals(
        "arena: size exceeds maxSize: size=9223372036854775807, limit=" + huge.maxSize(),
        assertThrows(IllegalArgumentException.class, () -> huge.malloc(Long.MAX_VALUE))
            .getMessage());
    low.assertEverythingReturned();
  }

  @Test
  void refusesWrongConfigurations() {
    String noPowerOfTwo = "alignment is not a power of two: alignment=";
    assertRefused(1024, 0, noPowerOfTwo + "0, limit=1073741824");
    assertRefused(1024, 12, noPowerOfTwo + "12, limit=1073741824");
    assertRefused(1024, 1L << 31, "alignment is too large: alignment=2147483648, limit=1073741824");
    assertRefused(1024, Long.MIN_VALUE, noPowerOfTwo + "-9223372036854775808, limit=1073741824");
    assertRefused(1024, -16, noPowerOfTwo + "-16, limit=1073741824");
    assertRefused(0, 16, "chunkSize is less than one byte: chunkSize=0, limit=1");
    assertRefused(-1, 16, "chunkSize is less than one byte: chunkSize=-1, limit=1");
    assertRefused(
        (1L << 30) + 1,
        1,
        "chunkSize is too large for its alignment: chunkSize=1073741825, limit=1073741824");
    RecordingAllocator tiny = RecordingAllocator.builder().alignment(8).maxSize(24).build();
    assertEquals(
        "arena: alignment leaves no room in what the inner serves: alignment=32, limit=31",
        assertThrows(IllegalArgumentException.class, () -> ArenaAllocator.create(tiny, 1024, 32))
            .getMessage());
    assertEquals(0, inner.attempts());
  }

  private void assertRefused(long chunkSize, long alignment, String message) {
    assertEquals(
        "arena: " + message,
        assertThrows(
                IllegalArgumentException.class,
                () -> ArenaAllocator.create(inner, chunkSize, alignment))
            .getMessage());
  }
}
