package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.junit.jupiter.api.Test;

/** The rules of the contract about malloc, tryMalloc, maxSize, alignment and stats. */
abstract class MallocRules extends ContractFixture {

  private static final long[] LESS_THAN_ONE = {0, -1, -64, Integer.MIN_VALUE, Long.MIN_VALUE};

  @Test
  void mallocRefusesLessThanOneByte() {
    subject().malloc(1);
    for (long size : LESS_THAN_ONE) {
      IllegalArgumentException e =
          subject()
              .refuses(
                  IllegalArgumentException.class,
                  "malloc(" + size + ")",
                  () -> allocator().malloc(size));
      assertShaped(e, "size=" + size);
    }
    subject().malloc(1);
  }

  @Test
  void tryMallocRefusesLessThanOneByte() {
    subject().malloc(1);
    for (long size : LESS_THAN_ONE) {
      IllegalArgumentException e =
          subject()
              .refuses(
                  IllegalArgumentException.class,
                  "tryMalloc(" + size + ")",
                  () -> allocator().tryMalloc(size));
      assertShaped(e, "size=" + size);
    }
    subject().malloc(1);
  }

  @AppliesTo(Trait.LIMITED)
  void mallocRefusesMoreThanMaxSize() {
    subject().malloc(1);
    for (long size : sizesAboveMaxSize()) {
      IllegalArgumentException e =
          subject()
              .refuses(
                  IllegalArgumentException.class,
                  "malloc(" + size + ")",
                  () -> allocator().malloc(size));
      assertShaped(e, "size=" + size, "limit=");
    }
    subject().malloc(1);
  }

  @AppliesTo(Trait.LIMITED)
  void tryMallocReturnsNullForMoreThanMaxSize() {
    subject().malloc(1);
    for (long size : sizesAboveMaxSize()) {
      AllocatorStats before = allocator().stats();
      assertEquals(Allocator.NULL, allocator().tryMalloc(size), "tryMalloc(" + size + ")");
      subject().assertUnchanged(before);
    }
    subject().malloc(1);
  }

  private List<Long> sizesAboveMaxSize() {
    long maxSize = allocator().maxSize();
    Set<Long> sizes = new LinkedHashSet<>();
    for (long size :
        new long[] {maxSize + 1, maxSize + 8, 2 * maxSize, 1L << 31, 1L << 62, Long.MAX_VALUE}) {
      if (size > maxSize) {
        sizes.add(size);
      }
    }
    return List.copyOf(sizes);
  }

  @Test
  void everyEdgeSizeIsServedByMallocAndByTryMalloc() {
    for (long size : edgeSizes()) {
      for (boolean byTry : new boolean[] {false, true}) {
        long address = subject().mallocIfMemory(size, byTry);
        if (address != Allocator.NULL) {
          subject().free(address);
        }
      }
    }
  }

  @Test
  void goodSizeIsHowManyBytesTheBlockHas() {
    for (long size : edgeSizes()) {
      long good = allocator().goodSize(size);
      assertTrue(good >= size, () -> "goodSize=" + good + " for size=" + size);
      if (good <= allocator().maxSize()) {
        assertEquals(good, allocator().goodSize(good), () -> "goodSize of goodSize=" + good);
      }
    }
    for (long size = 1; size <= Math.min(allocator().maxSize(), 600); size++) {
      long address = subject().malloc(size);
      long good = allocator().goodSize(size);
      subject().freeSized(address, Math.min(good, allocator().maxSize()));
    }
  }

  @Test
  void goodSizeRefusesWhatMallocRefuses() {
    for (long size : LESS_THAN_ONE) {
      assertShaped(
          assertThrows(IllegalArgumentException.class, () -> allocator().goodSize(size)),
          "size=" + size);
    }
    long maxSize = allocator().maxSize();
    if (maxSize < Long.MAX_VALUE) {
      assertThrows(IllegalArgumentException.class, () -> allocator().goodSize(maxSize + 1));
      assertThrows(IllegalArgumentException.class, () -> allocator().goodSize(Long.MAX_VALUE));
    }
  }

  /** Every small size; around every power of two; around the limits of int, long and maxSize. */
  private List<Long> edgeSizes() {
    long maxSize = allocator().maxSize();
    Set<Long> sizes = new LinkedHashSet<>();
    for (long size = 1; size <= 1024; size++) {
      sizes.add(size);
    }
    for (int shift = 10; shift < 63; shift++) {
      for (long delta = -1; delta <= 1; delta++) {
        sizes.add((1L << shift) + delta);
      }
    }
    for (long edge : new long[] {Integer.MAX_VALUE, Long.MAX_VALUE, maxSize}) {
      for (long delta = -1; delta <= 1; delta++) {
        sizes.add(edge + delta);
      }
    }
    List<Long> served = new ArrayList<>(sizes);
    served.removeIf(size -> size < 1 || size > maxSize);
    return served;
  }

  @Test
  void blocksOfEverySmallSizeAreLiveAtOnce() {
    long maxSize = Math.min(allocator().maxSize(), 300);
    for (long size = 1; size <= maxSize; size++) {
      subject().malloc(size);
      subject().tryMalloc(maxSize - size + 1);
    }
    subject().freeEverything();
  }

  @Test
  void maxSizeAndAlignmentAreSound() {
    long alignment = allocator().alignment();
    assertTrue(allocator().maxSize() >= 1, "maxSize=" + allocator().maxSize());
    assertEquals(1, Long.bitCount(alignment), "alignment=" + alignment);
    assertTrue(alignment > 0, "alignment=" + alignment);
  }

  @Test
  void maxSizeAndAlignmentNeverChange() {
    long maxSize = allocator().maxSize();
    long alignment = allocator().alignment();
    boolean shared = allocator().isShared();
    for (int i = 0; i < 100; i++) {
      subject().malloc(1 + i % Math.min(maxSize, 50));
      assertEquals(maxSize, allocator().maxSize());
      assertEquals(alignment, allocator().alignment());
    }
    subject().closeEmpty();
    assertEquals(maxSize, allocator().maxSize(), "after close");
    assertEquals(alignment, allocator().alignment(), "after close");
    assertEquals(shared, allocator().isShared(), "after close");
  }

  @AppliesTo(Trait.TRACKED)
  void aNewAllocatorHasNothingLive() {
    subject().check();
    assertEquals(0, allocator().stats().liveBlocks());
    assertEquals(0, allocator().stats().liveBytes());
  }

  @Test
  void aSnapshotOfStatsDoesNotMove() {
    AllocatorStats before = allocator().stats();
    String printed = before.toString();
    subject().malloc(1);
    assertEquals(printed, before.toString());
  }
}
