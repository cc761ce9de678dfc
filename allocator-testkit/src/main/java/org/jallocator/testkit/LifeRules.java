package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The rules of the contract about close, use after close, and threads. */
abstract class LifeRules extends FreeRules {

  private static final int THREADS = 4;

  @Test
  void closingTwiceIsSilent() {
    subject().free(subject().malloc(1));
    subject().close();
    allocator().close();
    allocator().close();
  }

  @Test
  void anUnusedAllocatorCloses() {
    subject().close();
  }

  @Test
  void everyUseAfterCloseIsRefused() {
    long address = subject().malloc(1);
    subject().free(address);
    subject().close();
    operations(address)
        .forEach(
            (name, operation) ->
                assertShaped(assertThrows(IllegalStateException.class, operation, name)));
  }

  @Test
  void aClosedAllocatorHasNothingLiveAndNothingReserved() {
    subject().free(subject().malloc(1));
    subject().close();
    AllocatorStats stats = allocator().stats();
    assertEquals(0, stats.liveBlocks());
    assertEquals(0, stats.liveBytes());
    assertEquals(0, stats.unsizedBlocks());
    assertEquals(0, stats.reservedBytes());
    assertEquals(stats.innerMallocs(), stats.innerFrees());
  }

  @AppliesTo(Trait.TRACKED)
  void closeFindsLiveBlocksAndKeepsThem() {
    long size = Math.min(allocator().maxSize(), 100);
    for (int count = 1; count <= 3 * LeakException.MAX_ADDRESSES; count++) {
      subject().malloc(1 + count % size);
      assertLeaks();
    }
    subject().malloc(1);
    subject().free(subject().blocks().get(0).address());
    assertLeaks();
    subject().freeEverything();
    subject().close();
  }

  private void assertLeaks() {
    AllocatorStats before = allocator().stats();
    LeakException e = subject().refuses(LeakException.class, "close", () -> allocator().close());
    assertEquals(before, allocator().stats(), "stats after a refused close");
    assertEquals(subject().blocks().size(), e.liveBlocks());
    assertEquals(before.liveBytes(), e.liveBytes());
    long named = LongStream.of(e.addresses()).distinct().count();
    assertEquals(e.addresses().length, named, "addresses named twice");
    assertTrue(named <= LeakException.MAX_ADDRESSES, () -> "too many: " + named);
    if (kind() != LayerKind.STACK) {
      assertEquals(Math.min(e.liveBlocks(), LeakException.MAX_ADDRESSES), named);
    }
    for (long address : e.addresses()) {
      assertTrue(subject().isLive(address), () -> "not live: " + Subject.hex(address));
    }
    assertShaped(e, "blocks=" + e.liveBlocks(), "bytes=" + e.liveBytes());
  }

  @AppliesTo(Trait.CONFINED)
  void aConfinedAllocatorRefusesEveryOtherThread() {
    long address = subject().malloc(1);
    Map<String, Executable> operations = operations(address);
    operations.put("free(NULL)", () -> allocator().free(Allocator.NULL));
    operations.put("close", () -> allocator().close());
    operations.put("closeAndRelease", () -> allocator().closeAndRelease());
    operations.forEach(
        (name, operation) -> {
          AllocatorStats before = allocator().stats();
          Throwable thrown = thrownByAnotherThread("the-intruder", operation);
          assertNotNull(thrown, () -> name + " is not refused");
          assertInstanceOf(IllegalStateException.class, thrown, name);
          assertShaped(thrown, Thread.currentThread().getName(), "the-intruder");
          subject().assertUnchanged(before);
        });
    subject().free(address);
  }

  /** The default trim and the default liveAddresses do nothing, for whichever thread. */
  @AppliesTo(Trait.CONFINED)
  void aConfinedAllocatorGivesNothingAwayToAnotherThread() {
    subject().malloc(1);
    if (allocator() instanceof OwningAllocator owning) {
      assertNothing("liveAddresses", () -> assertEquals(0, owning.liveAddresses(9).length));
    }
    subject().freeEverything();
    AllocatorStats before = allocator().stats();
    assertNothing("trim", () -> assertEquals(0, allocator().trim()));
    subject().assertUnchanged(before);
  }

  private static void assertNothing(String name, Executable operation) {
    Throwable thrown = thrownByAnotherThread("the-intruder", operation);
    assertTrue(
        thrown == null || thrown instanceof IllegalStateException, () -> name + ": " + thrown);
  }

  @Test
  void statsAreForEveryThread() {
    subject().malloc(1);
    AllocatorStats mine = allocator().stats();
    assertNull(thrownByAnotherThread("asker", () -> assertEquals(mine, allocator().stats())));
    subject().freeEverything();
    subject().close();
    AllocatorStats closed = allocator().stats();
    assertNull(thrownByAnotherThread("asker", () -> assertEquals(closed, allocator().stats())));
  }

  @AppliesTo(Trait.SHARED)
  void aSharedAllocatorServesEveryThread() {
    long mine = subject().malloc(1);
    long[] other = new long[1];
    assertNull(thrownByAnotherThread("other-1", () -> other[0] = subject().malloc(1)));
    assertNull(thrownByAnotherThread("other-2", () -> subject().free(mine)));
    subject().free(other[0]);
    assertNull(thrownByAnotherThread("other-3", () -> subject().close()));
  }

  @AppliesTo(Trait.SHARED)
  void aSharedAllocatorHandsNoBlockToTwoThreads() throws InterruptedException {
    BlocksOfAll blocks = new BlocksOfAll();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      long seed = i;
      threads.add(new Thread(() -> blocks.takeAndFree(allocator(), new Random(seed))));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), blocks.errors());
    subject().checkAfterRace();
  }

  @Test
  void anyThreadMayAskForWhatNeverChanges() {
    assertNull(
        thrownByAnotherThread(
            "asker",
            () -> {
              assertDoesNotThrow(() -> allocator().maxSize());
              assertDoesNotThrow(() -> allocator().alignment());
              assertDoesNotThrow(() -> allocator().isShared());
              assertDoesNotThrow(() -> allocator().goodSize(1));
            }));
  }

  /** {@return every operation that a closed or confined allocator refuses, by its name} */
  private Map<String, Executable> operations(long address) {
    Map<String, Executable> operations = new LinkedHashMap<>();
    operations.put("malloc", () -> allocator().malloc(1));
    operations.put("tryMalloc", () -> allocator().tryMalloc(1));
    operations.put("free", () -> allocator().free(address));
    operations.put("free sized", () -> allocator().free(address, 1));
    if (allocator() instanceof OwningAllocator owning) {
      operations.put("owns", () -> owning.owns(address));
      operations.put("tryFree", () -> owning.tryFree(address));
      operations.put("tryFree sized", () -> owning.tryFree(address, 1));
    }
    if (allocator() instanceof Arena arena) {
      operations.put("freeAll", arena::freeAll);
      operations.put("mark", arena::mark);
      operations.put("release", () -> arena.release(0));
    }
    return operations;
  }
}
