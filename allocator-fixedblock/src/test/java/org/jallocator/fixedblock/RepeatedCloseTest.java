package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jallocator.LeakException;
import org.jallocator.spi.Turns;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A thread that closes again and again, since blocks are live, keeps no other thread out. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class RepeatedCloseTest {

  private final RecordingAllocator inner = RecordingAllocator.create();

  @Test
  void aCallThatWaitsForAPauseEntersBeforeTheNextOne() throws InterruptedException {
    CallGate gate = new CallGate();
    AtomicBoolean entered = new AtomicBoolean();
    gate.pause();
    Thread call =
        startAndWait(
            () -> {
              CallGate.Caller caller = gate.enter();
              entered.set(true);
              gate.leave(caller, 1);
            });
    assertFalse(entered.get());
    gate.resume();
    gate.pause();
    assertTrue(entered.get());
    assertEquals(1, gate.blocks());
    gate.resume();
    call.join();
  }

  @Test
  void aPageThatWaitsForACloseSetsOutBeforeTheNextOne() throws InterruptedException {
    PageSource source = new PageSource("test", inner, 4096);
    AtomicBoolean out = new AtomicBoolean();
    assertTrue(source.startClosing());
    Thread page =
        startAndWait(
            () -> {
              source.setOut();
              out.set(true);
              source.arrive();
            });
    assertFalse(out.get());
    source.endClosing(false);
    assertTrue(source.startClosing());
    assertTrue(out.get());
    source.endClosing(true);
    page.join();
  }

  @Test
  void aPageThatWaitsForTheLastCloseFindsItClosed() throws InterruptedException {
    PageSource source = new PageSource("test", inner, 4096);
    AtomicBoolean refused = new AtomicBoolean();
    assertTrue(source.startClosing());
    Thread page =
        startAndWait(
            () -> {
              try {
                source.setOut();
              } catch (IllegalStateException closed) {
                refused.set(true);
              }
            });
    source.endClosing(true);
    assertFalse(source.startClosing());
    page.join();
    assertTrue(refused.get());
  }

  @Test
  void heapsAreLeftAloneForAsLongAsTheyWereLocked() throws InterruptedException {
    HeapSet heaps =
        new HeapSet(2, common -> new Heap("test", new PageLayout[0][], 0, new FreedTwice(), false));
    heaps.letOthersIn();
    assertTrue(heaps.lockAll());
    Thread.sleep(TimeUnit.NANOSECONDS.toMillis(Turns.MAX_NANOS) + 1);
    long before = System.nanoTime();
    heaps.unlockAll();
    heaps.letOthersIn();
    assertTrue(System.nanoTime() - before >= Turns.MAX_NANOS);
  }

  @Test
  void mallocAndFreeGoOnBesideAThreadThatClosesWithoutAPause() throws InterruptedException {
    FallbackAllocator allocator =
        FallbackAllocator.create(
            FixedBlockAllocator.builder(inner).blockSize(64).shared().build(),
            SizeClassAllocator.builder(inner).shared().build());
    long keepsOpen = allocator.malloc(64);
    AtomicBoolean done = new AtomicBoolean();
    Crew.run(
        4,
        member -> {
          if (member == 0) {
            while (!done.get()) {
              assertLeaks(allocator);
            }
            return;
          }
          for (int i = 0; i < 500; i++) {
            allocator.free(allocator.malloc(48));
            allocator.free(allocator.malloc(480));
          }
          if (member == 1) {
            done.set(true);
          }
        });
    allocator.free(keepsOpen);
    allocator.close();
  }

  private static void assertLeaks(FallbackAllocator allocator) {
    try {
      allocator.close();
    } catch (LeakException e) {
      return;
    }
    throw new AssertionError("closed with a live block");
  }

  /** Starts a thread and returns when it waits. */
  private static Thread startAndWait(Runnable task) throws InterruptedException {
    Thread thread = new Thread(task, "waits");
    thread.setDaemon(true);
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    return thread;
  }
}
