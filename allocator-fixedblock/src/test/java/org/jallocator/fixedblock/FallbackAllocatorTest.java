package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.PlainLeaf;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** What tiers promise beyond the contract. */
final class FallbackAllocatorTest {

  private final RecordingAllocator leaf = RecordingAllocator.create();

  @Test
  void whatThePrimaryCanServeItServesAndOtherTheRest() {
    var small = FixedBlockAllocator.create(leaf, 640, 64, 8);
    var both = FallbackAllocator.create(small, leaf);
    long block = both.malloc(64);
    long big = both.malloc(65);
    assertTrue(small.owns(block));
    assertFalse(small.owns(big));
    both.free(block);
    both.free(big, 65);
    both.close();
    small.close();
    leaf.assertEverythingReturned();
  }

  @Test
  void aBlockThatSomebodyTookFromOtherItselfMakesNoFigureNegative() {
    var small = FixedBlockAllocator.create(leaf, 640, 64, 8);
    var both = FallbackAllocator.create(small, leaf);
    both.free(leaf.malloc(500));
    assertEquals(0, both.stats().liveBlocks());
    assertEquals(0, both.stats().unsizedBlocks());
    both.close();
    small.close();
    leaf.assertEverythingReturned();
  }

  @Test
  void otherServesWhenThePrimaryHasNoMemory() {
    var poor = RecordingAllocator.builder().baseAddress(1L << 40).build();
    poor.failFrom(1, RecordingAllocator.Failure.RETURNS_NULL);
    var small = FixedBlockAllocator.create(poor, 640, 64, 8);
    var both = FallbackAllocator.create(small, leaf);
    long block = both.malloc(64);
    assertEquals(1, leaf.mallocs());
    both.free(block, 64);
    assertEquals(1, leaf.frees());
  }

  @Test
  void aBlockOfThePrimaryWithASizeOfOtherNeverReachesOther() {
    var both = FallbackAllocator.create(FixedBlockAllocator.create(leaf, 640, 64, 8), leaf);
    long block = both.malloc(64);
    var e = assertThrows(InvalidFreeException.class, () -> both.free(block, 65));
    assertEquals(Reason.SIZE_MISMATCH, e.reason());
    both.free(block, 64);
  }

  /** The page's address is that of its first block, and of a live block of the next tier. */
  @Test
  void aBlockOfThePrimaryIsItsAlsoIfItsPageIsABlockOfTheNextTier() {
    var classes = SizeClassAllocator.builder(leaf).build();
    var tier = FallbackAllocator.create(classes, leaf);
    var small = FixedBlockAllocator.builder(tier).blockSize(64).pageSize(4096).build();
    var both = FallbackAllocator.create(small, tier);
    long other = both.malloc(100);
    long[] blocks = new long[64];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = both.malloc(64);
    }
    long inTier = tier.stats().liveBlocks();
    both.free(blocks[0]); // the first of a full word
    assertEquals(inTier, tier.stats().liveBlocks());
    assertEquals(63, small.stats().liveBlocks());
    var e = assertThrows(InvalidFreeException.class, () -> both.free(blocks[0]));
    assertEquals(Reason.DOUBLE_FREE, e.reason());
    assertThrows(InvalidFreeException.class, () -> both.free(blocks[0], 64));
    assertThrows(InvalidFreeException.class, () -> both.tryFree(blocks[0]));
    assertEquals(inTier, tier.stats().liveBlocks());
    for (int i = 1; i < blocks.length; i++) {
      both.free(blocks[i], 64);
    }
    both.free(other);
    both.close();
    small.close();
    tier.close();
    classes.close();
    leaf.assertEverythingReturned();
  }

  @Test
  void closingFindsWhatIsOutFromALeafThatKeepsNoBooks() {
    var both =
        FallbackAllocator.create(FixedBlockAllocator.create(leaf, 640, 64, 8), new PlainLeaf(leaf));
    long big = both.malloc(1000);
    var e = assertThrows(LeakException.class, both::close);
    assertEquals(
        "fallback: closed with live blocks: blocks=1, bytes=0, unsized=1, first=[]",
        e.getMessage());
    both.free(big);
    both.close();
    both.close();
  }

  @Test
  void closingFindsThemAlsoWhereThePrimaryKeepsNoBooks() {
    OwningAllocator bookless = new Bookless(FixedBlockAllocator.create(leaf, 640, 64, 8));
    var both = FallbackAllocator.create(bookless, new Unowning(leaf));
    long big = both.malloc(1000);
    assertEquals(1, assertThrows(LeakException.class, both::close).liveBlocks());
    both.free(big);
    both.close();
  }

  @Test
  void isOwningIffOtherIs() {
    var small = FixedBlockAllocator.create(leaf, 640, 64, 8);
    Allocator other = FallbackAllocator.create(small, new Unowning(leaf));
    assertFalse(other instanceof OwningAllocator);
    assertInstanceOf(OwningAllocator.class, FallbackAllocator.create(small, (Allocator) leaf));
  }

  @Test
  void aConfinedPartConfinesTheWholeAlsoWhereThePrimaryIsShared() throws InterruptedException {
    var shared =
        RecordingAllocator.builder().baseAddress(1L << 41).maxSize(64).shared(true).build();
    assertTrue(shared.isShared());
    var both = FallbackAllocator.create(shared, FixedBlockAllocator.create(leaf, 4096, 128, 8));
    assertFalse(both.isShared());
    long block = both.malloc(8);
    for (Runnable use :
        new Runnable[] {
          () -> both.malloc(8),
          () -> both.tryMalloc(8),
          () -> both.free(block),
          () -> both.free(block, 8)
        }) {
      var thrown = new AtomicReference<Throwable>();
      Thread stranger = new Thread(use);
      stranger.setUncaughtExceptionHandler((thread, e) -> thrown.set(e));
      stranger.start();
      stranger.join();
      assertInstanceOf(IllegalStateException.class, thrown.get());
    }
    both.free(block);
    both.close();
  }

  @Test
  void manyTiersServeEachSizeFromTheFirstThatCan() {
    Allocator root = leaf;
    for (long size = 1 << 12; size >= 16; size /= 2) {
      root = FallbackAllocator.create(FixedBlockAllocator.create(leaf, size * 16, size, 8), root);
    }
    for (long size = 1; size < 1 << 13; size += 7) {
      long address = root.malloc(size);
      assertEquals(0, address % 8);
      root.free(address, size);
    }
    assertEquals(0, root.stats().liveBlocks());
    root.close();
  }

  /** A primary that tells its own memory and nothing else. */
  private record Bookless(OwningAllocator blocks) implements OwningAllocator {
    @Override
    public boolean owns(long address) {
      return blocks.owns(address);
    }

    @Override
    public boolean tryFree(long address) {
      return blocks.tryFree(address);
    }

    @Override
    public long malloc(long size) {
      return blocks.malloc(size);
    }

    @Override
    public long tryMalloc(long size) {
      return blocks.tryMalloc(size);
    }

    @Override
    public void free(long address) {
      blocks.free(address);
    }

    @Override
    public void free(long address, long size) {
      blocks.free(address, size);
    }

    @Override
    public long maxSize() {
      return blocks.maxSize();
    }

    @Override
    public long alignment() {
      return blocks.alignment();
    }

    @Override
    public boolean isShared() {
      return blocks.isShared();
    }

    @Override
    public org.jallocator.AllocatorStats stats() {
      return org.jallocator.AllocatorStats.UNTRACKED;
    }

    @Override
    public void close() {
      blocks.close();
    }
  }

  /** The leaf without its gift to tell its own memory. */
  private record Unowning(Allocator leaf) implements Allocator {
    @Override
    public long malloc(long size) {
      return leaf.malloc(size);
    }

    @Override
    public long tryMalloc(long size) {
      return leaf.tryMalloc(size);
    }

    @Override
    public void free(long address) {
      leaf.free(address);
    }

    @Override
    public void free(long address, long size) {
      leaf.free(address, size);
    }

    @Override
    public long maxSize() {
      return leaf.maxSize();
    }

    @Override
    public long alignment() {
      return leaf.alignment();
    }

    @Override
    public boolean isShared() {
      return leaf.isShared();
    }

    @Override
    public org.jallocator.AllocatorStats stats() {
      return leaf.stats();
    }

    @Override
    public void close() {}
  }

  @Test
  void aLeakNamesTheBlocksOfAnInnerFallbackAlsoIfThatIsNotOwning() {
    var small = FixedBlockAllocator.create(leaf, 640, 64, 8);
    var medium = FixedBlockAllocator.create(leaf, 5120, 512, 8);
    var tier = FallbackAllocator.create(medium, new PlainLeaf(leaf));
    var allocator = FallbackAllocator.create(small, tier);
    long first = allocator.malloc(64);
    long second = allocator.malloc(500);
    LeakException leak = assertThrows(LeakException.class, allocator::close);
    assertArrayEquals(new long[] {first, second}, leak.addresses());
    assertEquals(576, leak.liveBytes());
    assertEquals(0, leak.unsizedBlocks());
  }

  @Test
  void theErrorOfAnotherThreadNamesTheRemedyIfThereIsOne() throws InterruptedException {
    var confined = RecordingAllocator.builder().shared(false).build();
    var shared = RecordingAllocator.builder().shared(true).build();
    var blocks = FixedBlockAllocator.create(leaf, 640, 64, 8);
    assertTrue(
        messageToAStranger(FallbackAllocator.create(blocks, shared))
            .endsWith(", remedy=shared=true in its parts"));
    assertFalse(messageToAStranger(FallbackAllocator.create(blocks, confined)).contains("remedy"));
    assertFalse(messageToAStranger(FallbackAllocator.create(confined, shared)).contains("remedy"));
  }

  private static String messageToAStranger(Allocator allocator) throws InterruptedException {
    String[] message = new String[1];
    Thread stranger =
        new Thread(
            () ->
                message[0] =
                    assertThrows(IllegalStateException.class, () -> allocator.malloc(1))
                        .getMessage());
    stranger.start();
    stranger.join();
    return message[0];
  }
}
