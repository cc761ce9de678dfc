package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.fixedblock.LiveBlocksTest.Form;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Programs that replace thousands of blocks at random, as a cache does. */
final class ScatteredBlocksTest {

  private static final int SLOTS = 3000;

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final Random random = new Random(1);
  private final long[] slots = new long[SLOTS];

  /** Which slot has the block at an address. */
  private final Map<Long, Integer> live = new HashMap<>();

  private final ExecutorService other = Executors.newSingleThreadExecutor();

  @AfterEach
  void end() {
    other.shutdownNow();
  }

  private void put(OwningAllocator allocator, int slot) {
    long address = allocator.malloc(1 + random.nextInt(16));
    assertNull(live.put(address, slot), "handed out while it is live");
    slots[slot] = address;
  }

  private long remove(int slot) {
    long address = slots[slot];
    slots[slot] = 0;
    live.remove(address);
    return address;
  }

  private void fill(OwningAllocator allocator) {
    for (int slot = 0; slot < SLOTS; slot++) {
      put(allocator, slot);
    }
  }

  /** Replaces a block, and now and then leaves a slot empty for a while. */
  private void replace(OwningAllocator allocator) {
    int slot = random.nextInt(SLOTS);
    if (slots[slot] == 0) {
      put(allocator, slot);
      return;
    }
    allocator.free(remove(slot));
    if (random.nextInt(10) != 0) {
      put(allocator, slot);
    }
  }

  private void assertBooks(OwningAllocator allocator) {
    assertEquals(live.size(), allocator.stats().liveBlocks());
    long[] named = allocator.liveAddresses(Integer.MAX_VALUE);
    Arrays.sort(named);
    assertArrayEquals(live.keySet().stream().mapToLong(Long::longValue).sorted().toArray(), named);
  }

  private void assertRefused(OwningAllocator allocator, long address) {
    InvalidFreeException refused =
        assertThrows(InvalidFreeException.class, () -> allocator.free(address));
    assertEquals(Reason.DOUBLE_FREE, refused.reason());
  }

  private void freeAll(OwningAllocator allocator) {
    for (int slot = 0; slot < SLOTS; slot++) {
      if (slots[slot] != 0) {
        allocator.free(remove(slot));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void noBlockIsHandedOutWhileItIsLiveAndAllComesBack(Form form) {
    OwningAllocator allocator = form.make(inner);
    fill(allocator);
    for (int i = 0; i < 100_000; i++) {
      replace(allocator);
      if (i % 20_000 == 0) {
        assertBooks(allocator);
      }
    }
    long reserved = allocator.stats().reservedBytes();
    freeAll(allocator);
    assertTrue(allocator.stats().reservedBytes() <= reserved / 2, "pages go back without trim");
    allocator.trim();
    assertEquals(0, allocator.stats().reservedBytes());
    allocator.close();
    inner.assertEverythingReturned();
  }

  @ParameterizedTest
  @EnumSource
  void aSecondFreeIsFound(Form form) {
    OwningAllocator allocator = form.make(inner);
    fill(allocator);
    for (int i = 0; i < 20_000; i++) {
      replace(allocator);
      int slot = random.nextInt(SLOTS);
      if (i % 10 == 0 && slots[slot] != 0) {
        long address = remove(slot);
        allocator.free(address);
        assertRefused(allocator, address);
        put(allocator, slot);
      }
    }
    assertBooks(allocator);
    LeakException leak = assertThrows(LeakException.class, allocator::close);
    assertEquals(live.size(), leak.liveBlocks());
    freeAll(allocator);
    allocator.close();
    inner.assertEverythingReturned();
  }

  @ParameterizedTest
  @EnumSource(names = {"SHARED_BLOCKS", "SHARED_CLASSES"})
  void aFreeByAnotherThreadIsOneMoreAndASecondOneIsFoundByEither(Form form) throws Exception {
    OwningAllocator allocator = form.make(inner);
    fill(allocator);
    for (int i = 0; i < 5000; i++) {
      replace(allocator);
      int slot = random.nextInt(SLOTS);
      if (slots[slot] == 0) {
        continue;
      }
      long address = remove(slot);
      if (i % 2 == 0) {
        other.submit(() -> allocator.free(address)).get();
        assertRefused(allocator, address);
      } else {
        allocator.free(address);
        other.submit(() -> assertRefused(allocator, address)).get();
      }
      put(allocator, slot);
    }
    assertBooks(allocator);
    freeAll(allocator);
    allocator.close();
    inner.assertEverythingReturned();
  }

  @ParameterizedTest
  @EnumSource
  void aTrimInTheMiddleTakesNoBlockThatIsLive(Form form) {
    OwningAllocator allocator = form.make(inner);
    for (int round = 0; round < 5; round++) {
      for (int slot = 0; slot < SLOTS; slot++) {
        if (slots[slot] == 0) {
          put(allocator, slot);
        }
      }
      for (int i = 0; i < 10_000; i++) {
        replace(allocator);
      }
      for (int i = 0; i < 2 * SLOTS; i++) {
        int slot = random.nextInt(SLOTS);
        if (slots[slot] != 0) {
          allocator.free(remove(slot));
        }
      }
      allocator.trim();
      assertBooks(allocator);
    }
    freeAll(allocator);
    allocator.close();
    inner.assertEverythingReturned();
  }

  /** An allocator whose pages have more than 4096 blocks. */
  enum LargePages {
    CONFINED_BLOCKS {
      @Override
      OwningAllocator make(RecordingAllocator inner) {
        return FixedBlockAllocator.builder(inner).blockSize(16).pageSize(1 << 17).build();
      }
    },
    SHARED_BLOCKS {
      @Override
      OwningAllocator make(RecordingAllocator inner) {
        return FixedBlockAllocator.builder(inner).blockSize(16).pageSize(1 << 17).shared().build();
      }
    },
    CONFINED_CLASSES {
      @Override
      OwningAllocator make(RecordingAllocator inner) {
        return SizeClassAllocator.builder(inner).pageSize(1 << 20).build();
      }
    },
    SHARED_CLASSES {
      @Override
      OwningAllocator make(RecordingAllocator inner) {
        return SizeClassAllocator.builder(inner).pageSize(1 << 20).shared().build();
      }
    };

    abstract OwningAllocator make(RecordingAllocator inner);
  }

  @ParameterizedTest
  @EnumSource
  void theOneFreeBlockOfALargePageIsFound(LargePages form) {
    OwningAllocator allocator = form.make(inner);
    long[] blocks = new long[1 << 17];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = allocator.malloc(16);
    }
    long pages = inner.mallocs();
    for (int i = blocks.length / 2 - 100; i < blocks.length; i += 997) { // at first at a page's end
      allocator.free(blocks[i]);
      blocks[i] = allocator.malloc(16);
    }
    assertEquals(pages, inner.mallocs());
    for (long block : blocks) {
      allocator.free(block);
    }
    allocator.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aCacheThatReplacesOneBlockByAnotherTakesNoMoreMemory() {
    OwningAllocator allocator = Form.CONFINED_CLASSES.make(inner);
    fill(allocator);
    long reserved = allocator.stats().reservedBytes();
    for (int i = 0; i < 100_000; i++) {
      int slot = random.nextInt(SLOTS);
      allocator.free(remove(slot));
      put(allocator, slot);
    }
    assertEquals(reserved, allocator.stats().reservedBytes());
    freeAll(allocator);
    allocator.close();
  }
}
