package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** Threads find their hints, also where their numbers meet in the table. */
final class HeapHintsTest {

  private static final int LENGTH = 64;

  private final SharedAllocator allocator =
      (SharedAllocator) FixedBlockAllocator.builder(RecordingAllocator.create()).shared().build();

  private static final class NumberedThread extends Thread {

    private final long number;

    NumberedThread(long number, Runnable task) {
      super(task, "number " + number);
      this.number = number;
    }

    @Override
    public long getId() {
      return number;
    }
  }

  /** Makes a call on a thread with a number, which ends then. */
  private static <T> T on(long number, Callable<T> call) throws Exception {
    FutureTask<T> task = new FutureTask<>(call);
    Thread thread = new NumberedThread(number, task);
    thread.start();
    T result = task.get(1, TimeUnit.MINUTES);
    thread.join();
    return result;
  }

  @Test
  void twoThreadsWhoseNumbersMeetBothHaveAHint() throws Exception {
    on(
        5,
        () -> {
          Thread first = Thread.currentThread();
          allocator.free(allocator.malloc(64));
          assertSame(first, allocator.ownerOf(first).thread);
          return on(
              5 + LENGTH,
              () -> {
                Thread second = Thread.currentThread();
                allocator.free(allocator.malloc(64));
                assertSame(second, allocator.ownerOf(second).thread);
                assertSame(first, allocator.ownerOf(first).thread);
                return second;
              });
        });
    allocator.close();
    for (long number = 0; number < 2 * LENGTH; number++) {
      assertSame(HeapOwner.NONE, allocator.ownerOf(new NumberedThread(number, () -> {})));
    }
  }

  @Test
  void aThreadFreesRemotelyAlsoIfItsNumberMeetsThatOfTheBlocksOwner() throws Exception {
    on(
        5,
        () -> {
          long address = allocator.malloc(64);
          assertTrue(on(5 + LENGTH, () -> allocator.freeRemotely(address)));
          return address;
        });
    assertEquals(0, allocator.stats().liveBlocks());
    allocator.close();
  }
}
