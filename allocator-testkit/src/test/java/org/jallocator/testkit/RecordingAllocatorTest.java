package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.testkit.RecordingAllocator.Failure;
import org.jallocator.testkit.RecordingAllocator.PlannedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RecordingAllocatorTest {

  @Test
  void placesTheFirstBlockAcrossTheSignByDefault() {
    RecordingAllocator allocator = RecordingAllocator.create();
    long address = allocator.malloc(4096);
    assertTrue(address > 0 && address + 4096 < 0, () -> Long.toHexString(address));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 8, 16, 4096, 1L << 40})
  void alignsToWhatItPromisesAndNotBetter(long alignment) {
    RecordingAllocator allocator = RecordingAllocator.builder().alignment(alignment).build();
    for (long size : new long[] {1, 3, 100, 4096, alignment}) {
      assertEquals(alignment, Long.lowestOneBit(allocator.malloc(size)));
    }
  }

  @Test
  void placesBlocksSideBySideWhereItMayAlignBetter() {
    RecordingAllocator allocator =
        RecordingAllocator.builder().alignment(8).exactlyAligned(false).build();
    long first = allocator.malloc(13);
    long second = allocator.malloc(16);
    assertEquals(first + 16, second);
    assertEquals(second + 16, allocator.malloc(1));
  }

  @Test
  void leavesTheGapThatItIsToldTo() {
    RecordingAllocator allocator =
        RecordingAllocator.builder().exactlyAligned(false).gap(4096).build();
    assertEquals(allocator.malloc(16) + 16 + 4096, allocator.malloc(16));
  }

  @Test
  void handsOutNoAddressTwiceByDefault() {
    RecordingAllocator allocator = RecordingAllocator.create();
    long first = allocator.malloc(64);
    allocator.free(first);
    assertNotEquals(first, allocator.malloc(64));
  }

  @Test
  void handsOutWhatWasFreedLastWhereItIsToldTo() {
    RecordingAllocator allocator = RecordingAllocator.builder().reusesAddresses(true).build();
    long first = allocator.malloc(64);
    long second = allocator.malloc(64);
    long other = allocator.malloc(65);
    allocator.free(first);
    allocator.free(second);
    allocator.free(other);
    assertEquals(second, allocator.malloc(64));
    assertEquals(first, allocator.malloc(64));
    assertEquals(other, allocator.malloc(65));
    assertTrue(allocator.malloc(64) - other > 0);
  }

  @Test
  void hasNoMemoryBeyondTheLastAddress() {
    RecordingAllocator allocator = RecordingAllocator.builder().baseAddress(-64).build();
    assertEquals(Allocator.NULL, allocator.tryMalloc(64));
    assertEquals(-48, allocator.malloc(16));
    assertEquals(Allocator.NULL, allocator.tryMalloc(16));
    assertEquals(-16, allocator.malloc(15));
    assertThrows(OutOfMemoryError.class, () -> allocator.malloc(1));
    assertEquals(3, allocator.failures());
    assertEquals(0, allocator.plannedFailures());
  }

  @Test
  void hasNoMoreLiveBytesThanALongHolds() {
    RecordingAllocator allocator = RecordingAllocator.builder().baseAddress(16).build();
    long huge = allocator.malloc(Long.MAX_VALUE);
    assertEquals(Allocator.NULL, allocator.tryMalloc(1));
    assertEquals(Long.MAX_VALUE, allocator.liveBytes());
    allocator.free(huge, Long.MAX_VALUE);
    assertNotEquals(Allocator.NULL, allocator.tryMalloc(1L << 62));
  }

  @Test
  void keepsBooks() {
    RecordingAllocator allocator = RecordingAllocator.create();
    long first = allocator.malloc(100);
    long second = allocator.malloc(28);
    allocator.free(first);
    assertEquals(2, allocator.mallocs());
    assertEquals(1, allocator.frees());
    assertEquals(2, allocator.attempts());
    assertEquals(0, allocator.failures());
    assertEquals(Map.of(second, 28L), allocator.liveBlocks());
    assertEquals(28, allocator.liveBytes());
    assertEquals(128, allocator.peakBytes());
    assertEquals(List.of(100L, 28L), allocator.sizes());
  }

  @Test
  void holdsWhatLiesInOneLiveBlock() {
    RecordingAllocator allocator = RecordingAllocator.create();
    long address = allocator.malloc(100);
    assertTrue(allocator.holds(address, 100));
    assertTrue(allocator.holds(address + 99, 1));
    assertFalse(allocator.holds(address, 101));
    assertFalse(allocator.holds(address + 100, 1));
    assertFalse(allocator.holds(address - 1, 1));
    allocator.free(address);
    assertFalse(allocator.holds(address, 1));
  }

  @Test
  void failsTheTestAtAWrongFreeAndRemembersIt() {
    RecordingAllocator allocator = RecordingAllocator.create();
    long address = allocator.malloc(64);
    long freed = allocator.malloc(64);
    allocator.free(freed);
    assertThrows(AssertionError.class, () -> allocator.free(address + 1));
    assertThrows(AssertionError.class, () -> allocator.free(address ^ Long.MIN_VALUE));
    assertThrows(AssertionError.class, () -> allocator.free(address, 63));
    AssertionError twice = assertThrows(AssertionError.class, () -> allocator.free(freed));
    assertTrue(String.valueOf(twice.getMessage()).endsWith("(freed before)"), twice::toString);
    assertEquals(4, allocator.wrongFrees().size());
    allocator.free(address);
    assertThrows(AssertionError.class, allocator::assertEverythingReturned);
  }

  @Test
  void refusesAWrongFreeWhereItIsToldTo() {
    RecordingAllocator allocator = RecordingAllocator.builder().refusesWrongFrees(true).build();
    long address = allocator.malloc(64);
    assertEquals(Reason.NOT_A_BLOCK, reasonOf(() -> allocator.free(address + 63)));
    assertEquals(Reason.FOREIGN, reasonOf(() -> allocator.free(address + 64)));
    assertEquals(Reason.SIZE_MISMATCH, reasonOf(() -> allocator.free(address, 65)));
    allocator.free(address, 64);
    allocator.assertEverythingReturned();
  }

  private static Reason reasonOf(Runnable free) {
    return assertThrows(InvalidFreeException.class, free::run).reason();
  }

  @Test
  void findsWhatWasNotReturned() {
    RecordingAllocator allocator = RecordingAllocator.create();
    allocator.malloc(100);
    AssertionError e = assertThrows(AssertionError.class, allocator::assertEverythingReturned);
    assertEquals(
        "inner memory was not returned: blocks=1, bytes=100, first=[0x7fffffffffffffd0+100]",
        e.getMessage());
  }

  @Test
  void findsThatItWasClosed() {
    RecordingAllocator allocator = RecordingAllocator.create();
    allocator.assertEverythingReturned();
    allocator.close();
    assertThrows(AssertionError.class, allocator::assertEverythingReturned);
  }

  @ParameterizedTest
  @EnumSource
  void failsOnceWhereItIsToldTo(Failure failure) {
    RecordingAllocator allocator = RecordingAllocator.create();
    allocator.malloc(1);
    allocator.failOnce(3, failure);
    allocator.malloc(1);
    allocator.malloc(1);
    assertFails(allocator, failure, true);
    allocator.malloc(1);
    assertEquals(1, allocator.plannedFailures());
    assertEquals(5, allocator.attempts());
    assertEquals(4, allocator.mallocs());
  }

  @ParameterizedTest
  @EnumSource
  void failsForEverWhereItIsToldTo(Failure failure) {
    RecordingAllocator allocator = RecordingAllocator.create();
    allocator.failFrom(2, failure);
    allocator.malloc(1);
    for (int i = 0; i < 5; i++) {
      assertFails(allocator, failure, true);
      assertFails(allocator, failure, false);
    }
    allocator.stopFailing();
    allocator.malloc(1);
    assertEquals(10, allocator.plannedFailures());
  }

  private static void assertFails(RecordingAllocator allocator, Failure failure, boolean byTry) {
    if (failure == Failure.RETURNS_NULL && byTry) {
      assertEquals(Allocator.NULL, allocator.tryMalloc(1));
      return;
    }
    Class<? extends Throwable> type =
        switch (failure) {
          case RETURNS_NULL, THROWS_OUT_OF_MEMORY_ERROR -> OutOfMemoryError.class;
          case THROWS_RUNTIME_EXCEPTION -> PlannedException.class;
          case THROWS_STACK_OVERFLOW_ERROR -> StackOverflowError.class;
        };
    Throwable thrown =
        assertThrows(type, () -> consume(byTry ? allocator.tryMalloc(1) : allocator.malloc(1)));
    if (!failure.isNoMemory()) {
      assertSame(allocator.lastPlanned(), thrown);
    }
  }

  private static void consume(long address) {
    assertNotEquals(Allocator.NULL, address);
  }

  @Test
  void isConfinedWhereItIsToldTo() {
    RecordingAllocator allocator = RecordingAllocator.builder().shared(false).build();
    assertFalse(allocator.isShared());
    Throwable thrown = ContractFixture.thrownByAnotherThread("other", () -> allocator.malloc(1));
    assertTrue(thrown instanceof IllegalStateException, () -> "" + thrown);
  }

  @Test
  void refusesABuilderThatMakesNoSense() {
    RecordingAllocator.Builder builder = RecordingAllocator.builder();
    assertThrows(IllegalArgumentException.class, () -> builder.alignment(24));
    assertThrows(IllegalArgumentException.class, () -> builder.alignment(0));
    assertThrows(IllegalArgumentException.class, () -> builder.baseAddress(Allocator.NULL));
    assertThrows(IllegalArgumentException.class, () -> builder.gap(-1));
    assertThrows(IllegalArgumentException.class, () -> builder.maxSize(0));
  }
}
