package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Shapes that are slow by orders of magnitude if a step is not O(1) or O(log n). The limits are far
 * above what they take, and far below what they would take then.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class LargeBlockScaleTest {

  private static final int BLOCKS = 100_000;

  private static void shuffle(long[] addresses) {
    Random random = new Random(1);
    for (int i = addresses.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      long address = addresses[i];
      addresses[i] = addresses[other];
      addresses[other] = address;
    }
  }

  @Test
  void aHundredThousandLiveBlocksOfAllSizesAreFoundAndFreedInAnyOrder() {
    RecordingAllocator inner = RecordingAllocator.builder().gap(5000).build();
    LargeBlockAllocator large = LargeBlockAllocator.builder(inner).retain(1 << 26).build();
    Random random = new Random(1);
    long[] addresses = new long[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
      addresses[i] = large.malloc(2 + random.nextLong(1L << (7 + i % 24)));
    }
    assertEquals(BLOCKS, large.stats().liveBlocks());
    assertEquals(BLOCKS, large.liveAddresses(Integer.MAX_VALUE).length);
    shuffle(addresses);
    for (long address : addresses) {
      assertTrue(large.owns(address + 1));
      assertFalse(large.owns(address - 1));
      large.free(address);
    }
    assertEquals(0, large.stats().liveBlocks());
    assertTrue(large.stats().reservedBytes() <= 1 << 26);
    large.close();
    inner.assertEverythingReturned();
  }

  /** Addresses that are multiples of a large power of two, as those of mapped blocks are. */
  @Test
  void aHundredThousandBlocksAtOneStrideAreNoSlower() {
    for (long stride : new long[] {4096, 65536, 1 << 21, 1L << 40}) {
      Strided inner = new Strided(stride);
      LargeBlockAllocator large = LargeBlockAllocator.builder(inner).retain(0).build();
      long[] addresses = new long[BLOCKS];
      for (int i = 0; i < BLOCKS; i++) {
        addresses[i] = large.malloc(4096);
      }
      shuffle(addresses);
      for (long address : addresses) {
        assertTrue(large.owns(address + 4095));
      }
      assertFalse(large.owns(inner.last() + 4096));
      for (long address : addresses) {
        large.free(address, 4096);
      }
      large.close();
    }
  }

  private static final class Strided extends Forwarding {
    private final long stride;
    private long next;

    Strided(long stride) {
      super(RecordingAllocator.create());
      this.stride = stride;
      this.next = stride;
    }

    long last() {
      return next - stride;
    }

    @Override
    public long tryMalloc(long size) {
      long address = next;
      next += stride;
      return address;
    }

    @Override
    public void free(long address, long size) {}
  }

  /** All but some MiB of the heap is taken, so that growing the books fails sooner or later. */
  @Test
  void aFullJavaHeapLosesNothing() {
    FaultyAllocator inner = new FaultyAllocator(1 << 21);
    LargeBlockAllocator large = LargeBlockAllocator.builder(inner).retain(1 << 20).build();
    byte[][] ballast = new byte[1000][];
    int filled = 0;
    long[] addresses = new long[1 << 21];
    int count = 0;
    boolean full = false;
    try {
      while (filled < ballast.length) {
        ballast[filled] = new byte[16 << 20];
        filled++;
      }
    } catch (OutOfMemoryError e) {
      ballast[0] = ballast[1];
    }
    try {
      while (count < addresses.length) {
        addresses[count] = large.malloc(2000);
        count++;
      }
    } catch (OutOfMemoryError e) {
      full = true;
    }
    AllocatorStats stats = large.stats();
    large.free(addresses[0]);
    assertEquals(addresses[0], large.malloc(1900));
    large.free(addresses[0], 1900);
    Arrays.fill(ballast, null);
    assertTrue(full, "the books grew though the heap was full");
    assertEquals(count, stats.liveBlocks());
    assertEquals(inner.liveBytes(), stats.reservedBytes());
    assertEquals(inner.liveBlocks(), stats.innerMallocs() - stats.innerFrees());
    assertNotEquals(Allocator.NULL, large.malloc(3000));
    assertThrows(LeakException.class, large::closeAndRelease);
    assertEquals(0, inner.liveBlocks());
  }

  @Test
  void anAllocatorWithoutLiveBlocksForgetsNoneOfManyRounds() {
    FaultyAllocator inner = new FaultyAllocator(1 << 20);
    LargeBlockAllocator large = LargeBlockAllocator.builder(inner).retain(50_000).build();
    for (int i = 0; i < 300_000; i++) {
      long size = 1000 + 1000L * (i % 40);
      large.free(large.malloc(size), size);
    }
    assertTrue(large.stats().reservedBytes() <= 50_000);
    assertThrows(IllegalArgumentException.class, () -> large.free(Allocator.NULL + 1));
    large.close();
    assertEquals(0, inner.liveBlocks());
  }
}
