package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.RecordingAllocator.Failure;
import org.jallocator.testkit.RecordingAllocator.FreeFailure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a large-block allocator promises beyond the contract. */
final class LargeBlockAllocatorTest {

  private static final long MIB = 1 << 20;

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final LargeBlockAllocator large = LargeBlockAllocator.create(inner);

  private static Reason reasonOf(Runnable free) {
    return assertThrows(InvalidFreeException.class, free::run).reason();
  }

  private static <T> T onAnotherThread(Callable<T> work) throws Exception {
    FutureTask<T> task = new FutureTask<>(work);
    Thread thread = new Thread(task, "another");
    thread.start();
    thread.join();
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  @Test
  void aFreedBlockServesTheNextSizeOfItsClass() {
    long address = large.malloc(MIB);
    large.free(address);
    assertEquals(address, large.malloc(MIB - 5000));
    large.free(address, MIB - 5000);
    assertEquals(address, large.tryMalloc(MIB));
    large.free(address);
    assertNotEquals(address, large.malloc(MIB + 1));
    assertEquals(2, inner.mallocs());
  }

  @Test
  void theBlockFreedLastIsReusedFirst() {
    long a = large.malloc(1000);
    long b = large.malloc(1000);
    long c = large.malloc(1000);
    large.free(b);
    large.free(c);
    large.free(a);
    assertEquals(a, large.malloc(1000));
    assertEquals(c, large.malloc(1000));
    assertEquals(b, large.malloc(1000));
  }

  @Test
  void whatLayUnusedLongestGoesBackFirst() {
    LargeBlockAllocator large = LargeBlockAllocator.builder(inner).retain(4096).build();
    long a = large.malloc(1024);
    long b = large.malloc(2048);
    long c = large.malloc(1024);
    long d = large.malloc(1024);
    large.free(a);
    large.free(b);
    large.free(c);
    assertEquals(0, inner.frees());
    large.free(d);
    assertFalse(large.owns(a));
    assertTrue(large.owns(b));
    assertEquals(c, large.malloc(1024) == d ? large.malloc(1024) : Allocator.NULL);
    assertEquals(2048, large.trim());
    assertFalse(large.owns(b));
  }

  @Test
  void aBlockOfMoreThanRetainGoesBackAtOnceAndNothingElseDoes() {
    LargeBlockAllocator large = LargeBlockAllocator.builder(inner).retain(4096).build();
    long kept = large.malloc(4096);
    long big = large.malloc(5000);
    large.free(kept);
    large.free(big);
    assertTrue(large.owns(kept));
    assertFalse(large.owns(big));
    assertEquals(Reason.FOREIGN, reasonOf(() -> large.free(big)));
    assertEquals(Reason.DOUBLE_FREE, reasonOf(() -> large.free(kept)));
  }

  @Test
  void retainCountsWhatAligningTakes() {
    LargeBlockAllocator large =
        LargeBlockAllocator.builder(inner).retain(4096).alignment(4096).build();
    large.free(large.malloc(64));
    assertEquals(0, inner.liveBytes());
  }

  @Test
  void trimGivesBackAllThatIsKeptAndNothingThatIsLive() {
    long live = large.malloc(MIB);
    large.free(large.malloc(3 * MIB));
    large.free(large.malloc(100));
    assertEquals(3 * MIB + 112, large.trim());
    assertEquals(0, large.trim());
    assertEquals(MIB, large.stats().reservedBytes());
    assertEquals(4 * MIB + 112, large.stats().peakReservedBytes());
    large.free(live);
    large.close();
    inner.assertEverythingReturned();
    assertThrows(IllegalStateException.class, large::trim);
  }

  @Test
  void withoutMemoryWhatIsKeptGoesBackAndTheInnerIsAskedOnceMore() {
    RecordingAllocator small = RecordingAllocator.create();
    LargeBlockAllocator large = LargeBlockAllocator.create(small);
    large.free(large.malloc(MIB));
    for (Failure how : new Failure[] {Failure.RETURNS_NULL, Failure.THROWS_OUT_OF_MEMORY_ERROR}) {
      small.failOnce(1, how);
      long address = large.malloc(2 * MIB);
      assertEquals(2 * MIB, small.liveBytes());
      large.free(address);
      large.free(large.malloc(MIB));
      large.trim();
      large.free(large.malloc(MIB));
    }
    small.failFrom(1, Failure.RETURNS_NULL);
    long attempts = small.attempts();
    assertEquals(Allocator.NULL, large.tryMalloc(4 * MIB));
    assertEquals(attempts + 2, small.attempts());
    OutOfMemoryError error = assertThrows(OutOfMemoryError.class, () -> large.malloc(4 * MIB));
    assertEquals(attempts + 3, small.attempts(), "asked twice though nothing was kept");
    assertEquals("large: no memory: size=4194304, reserved=0", error.getMessage());
    assertEquals(0, large.stats().reservedBytes());
  }

  @Test
  void goodSizeIsWhatTheBlockHas() {
    for (long size : new long[] {1, 64, 65, 1000, MIB, MIB + 1, 1L << 30, (1L << 30) + 1}) {
      long before = large.stats().liveBytes();
      long address = large.malloc(size);
      long length = large.stats().liveBytes() - before;
      assertEquals(length, large.goodSize(size));
      assertTrue(inner.holds(address, length));
      assertEquals(length, large.goodSize(length));
    }
    assertThrows(IllegalArgumentException.class, () -> large.goodSize(0));
    LargeBlockAllocator limited = LargeBlockAllocator.builder(inner).maxSize(1000).build();
    assertEquals(1024, limited.goodSize(1000));
    assertThrows(IllegalArgumentException.class, () -> limited.goodSize(1001));
  }

  @Test
  void aSizedFreeBringsASizeBetweenTheOneAskedForAndTheBlocks() {
    long address = large.malloc(1000);
    for (long size :
        new long[] {999, large.goodSize(1000) + 1, 0, -1, -1000, Long.MIN_VALUE, Long.MAX_VALUE}) {
      assertEquals(Reason.SIZE_MISMATCH, reasonOf(() -> large.free(address, size)));
      assertEquals(Reason.SIZE_MISMATCH, reasonOf(() -> large.tryFree(address, size)));
    }
    assertTrue(large.tryFree(address, large.goodSize(1000)));
    for (long size : new long[] {1000, -1000, 0}) {
      assertEquals(Reason.DOUBLE_FREE, reasonOf(() -> large.free(address, size)));
    }
  }

  @Test
  void theStartOfAnInnerBlockIsNoBlockIfTheAddressWasAlignedByHand() {
    RecordingAllocator inner = RecordingAllocator.builder().baseAddress(0x1_0010).build();
    LargeBlockAllocator large = LargeBlockAllocator.builder(inner).alignment(4096).build();
    long address = large.malloc(100);
    long start = inner.liveBlocks().keySet().iterator().next();
    assertNotEquals(address, start);
    assertTrue(large.owns(start));
    assertEquals(Reason.NOT_A_BLOCK, reasonOf(() -> large.free(start)));
    assertEquals(0, address % 4096);
    large.free(address);
    large.close();
    inner.assertEverythingReturned();
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        Integer.MAX_VALUE - 1L,
        Integer.MAX_VALUE,
        Integer.MAX_VALUE + 1L,
        1L << 32,
        (1L << 32) + 1,
        1L << 40,
        (1L << 62) - 1,
        1L << 62,
        (1L << 62) + 1,
        Long.MAX_VALUE - 1,
        Long.MAX_VALUE
      })
  void sizesBeyondTheLimitsOfIntAndNearThoseOfLongAreServed(long size) {
    RecordingAllocator inner = RecordingAllocator.builder().baseAddress(16).build();
    LargeBlockAllocator large = LargeBlockAllocator.builder(inner).retain(Long.MAX_VALUE).build();
    long address = large.malloc(size);
    assertTrue(inner.holds(address, size));
    long last = address + size - 1;
    for (long inside : new long[] {address + 1, address + size / 2, last}) {
      assertTrue(large.owns(inside));
      assertEquals(Reason.NOT_A_BLOCK, reasonOf(() -> large.free(inside)));
    }
    assertFalse(large.owns(address - 1));
    assertEquals(Reason.SIZE_MISMATCH, reasonOf(() -> large.free(address, size - 1)));
    large.free(address, size);
    assertEquals(address, large.malloc(size));
    large.free(address);
    large.close();
    inner.assertEverythingReturned();
  }

  @Test
  void paddingNeverOverflowsWhatTheInnerServes() {
    LargeBlockAllocator large = LargeBlockAllocator.builder(inner).alignment(1L << 62).build();
    assertEquals(Long.MAX_VALUE - (1L << 62) + 16, large.maxSize());
    assertEquals(0, large.malloc(1) & ((1L << 62) - 1));
    assertThrows(IllegalArgumentException.class, () -> large.malloc(large.maxSize() + 1));
  }

  @Test
  void wrongOptionsAreRefusedWithTheirValues() {
    RecordingAllocator tiny = RecordingAllocator.builder().maxSize(40).build();
    assertEquals(
        "large: retain is negative: retain=-1, limit=0",
        assertThrows(
                IllegalArgumentException.class,
                () -> LargeBlockAllocator.builder(inner).retain(-1).build())
            .getMessage());
    assertEquals(
        "large: maxSize is negative: maxSize=-5, limit=0",
        assertThrows(
                IllegalArgumentException.class,
                () -> LargeBlockAllocator.builder(inner).maxSize(-5).build())
            .getMessage());
    assertEquals(
        "large: alignment leaves nothing of what the inner serves: alignment=64, limit=40",
        assertThrows(
                IllegalArgumentException.class,
                () -> LargeBlockAllocator.builder(tiny).alignment(64).build())
            .getMessage());
    for (long alignment : new long[] {-1, 3, 48, Long.MIN_VALUE}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> LargeBlockAllocator.builder(inner).alignment(alignment).build());
    }
  }

  @Test
  void liveAddressesNamesEachLiveBlockUpToTheLimit() {
    long[] addresses = new long[100];
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = large.malloc(1000);
    }
    large.free(large.malloc(1000));
    long[] named = large.liveAddresses(Integer.MAX_VALUE);
    Arrays.sort(named);
    Arrays.sort(addresses);
    assertArrayEquals(addresses, named);
    assertEquals(7, large.liveAddresses(7).length);
    assertEquals(0, large.liveAddresses(0).length);
    assertEquals(0, large.liveAddresses(-1).length);
  }

  @Test
  void anyThreadMayAskForTheStatsOfAConfinedAllocator() throws Exception {
    large.malloc(MIB);
    large.free(large.malloc(100));
    AllocatorStats mine = large.stats();
    assertEquals(mine, onAnotherThread(large::stats));
    assertEquals(new AllocatorStats(1, MIB, MIB + 112, MIB + 112, 2, 0), mine);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void closeAndReleaseGivesBackAllThatTheInnerTakes(int refused) {
    large.malloc(100);
    large.malloc(200);
    long kept = large.malloc(5000);
    long alsoKept = large.malloc(6000);
    large.free(kept);
    large.free(alsoKept);
    inner.failFreeOnce(refused, FreeFailure.REFUSES);
    IllegalStateException refusal =
        assertThrows(IllegalStateException.class, large::closeAndRelease);
    assertSame(inner.lastPlanned(), refusal);
    assertEquals(2, ((LeakException) refusal.getSuppressed()[0]).liveBlocks());
    assertEquals(1, inner.liveBlocks().size());
    assertEquals(inner.liveBytes(), large.stats().reservedBytes());
    large.trim();
    Arrays.stream(large.liveAddresses(1)).forEach(large::free);
    large.close();
    inner.assertEverythingReturned();
  }

  @Test
  void closeAndReleaseThrowsTheFirstRefusalWithTheOthersSuppressed() {
    large.malloc(100);
    large.free(large.malloc(5000));
    inner.failFreesFrom(1, FreeFailure.REFUSES);
    IllegalStateException first = assertThrows(IllegalStateException.class, large::closeAndRelease);
    assertInstanceOf(IllegalStateException.class, first.getSuppressed()[0]);
    assertInstanceOf(LeakException.class, first.getSuppressed()[1]);
    assertEquals(2, inner.liveBlocks().size());
    inner.stopFailing();
    assertThrows(LeakException.class, large::closeAndRelease);
    inner.assertEverythingReturned();
  }

  @Test
  void closeAndReleaseGivesLiveBlocksBackAndTellsOfThem() {
    large.malloc(MIB);
    large.malloc(1000);
    large.free(large.malloc(5000));
    LeakException leak = assertThrows(LeakException.class, large::closeAndRelease);
    assertEquals(2, leak.liveBlocks());
    assertEquals(MIB + 1024, leak.liveBytes());
    assertEquals(2, leak.addresses().length);
    inner.assertEverythingReturned();
    large.closeAndRelease();
    large.close();
    assertThrows(IllegalStateException.class, () -> large.malloc(1));
    assertEquals(new AllocatorStats(0, 0, 0, MIB + 1024 + 5120, 3, 3), large.stats());
  }

  @Test
  void anyThreadMayCloseAConfinedAllocatorWhoseOwnerHasEnded() throws Exception {
    LargeBlockAllocator[] made = new LargeBlockAllocator[1];
    long address =
        onAnotherThread(
            () -> {
              made[0] = LargeBlockAllocator.create(inner);
              made[0].free(made[0].malloc(MIB));
              return made[0].malloc(1000);
            });
    LargeBlockAllocator orphan = made[0];
    String refusal =
        "" + assertThrows(IllegalStateException.class, () -> orphan.free(address)).getMessage();
    assertTrue(refusal.contains("another") && refusal.endsWith("remedy=shared=true"), refusal);
    assertArrayEquals(new long[] {address}, orphan.liveAddresses(8));
    assertThrows(LeakException.class, orphan::close);
    assertThrows(LeakException.class, orphan::closeAndRelease);
    inner.assertEverythingReturned();
    orphan.close();
    assertEquals(
        "large: allocator is closed",
        assertThrows(IllegalStateException.class, () -> orphan.malloc(1)).getMessage());
  }

  @Test
  void nobodyElseMayCloseAConfinedAllocatorWhoseOwnerLives() {
    for (Callable<?> call :
        new Callable<?>[] {
          () -> large.liveAddresses(1),
          () -> large.trim(),
          () -> {
            large.close();
            return "";
          },
          () -> {
            large.closeAndRelease();
            return "";
          }
        }) {
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> onAnotherThread(call));
      assertTrue(("" + e.getMessage()).contains("owner="), e::getMessage);
    }
  }

  @Test
  void itsTextNamesItsOptions() {
    assertEquals(
        "large(retain=67108864, maxSize=9223372036854775807, alignment=16)", large.toString());
    assertEquals(
        "large(retain=0, maxSize=1000, alignment=64, shared=true)",
        LargeBlockAllocator.builder(inner)
            .retain(0)
            .maxSize(1000)
            .alignment(64)
            .shared()
            .build()
            .toString());
  }
}
