package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jallocator.fixedblock.CallGate.Caller;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls at a gate, of threads with words of their own and of threads that share one. */
@Tag("once")
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class CallGateTest {

  private static final int PAUSES = 500;

  /** So long a call takes that a pause which overlooks it sees its end. */
  private static final int SPINS = 20;

  private final CallGate gate = new CallGate();

  private static <T> T onAnotherThread(int number, Callable<T> call)
      throws InterruptedException, ExecutionException {
    FutureTask<T> task = new FutureTask<>(call);
    Thread thread = new NumberedThread(number, task);
    thread.start();
    T result = task.get();
    thread.join();
    return result;
  }

  /** Threads of one number fall on one place of the gate's table. */
  private static final class NumberedThread extends Thread {
    private final int number;

    NumberedThread(int number, Runnable work) {
      super(work);
      this.number = number;
      setDaemon(true);
    }

    @Override
    @SuppressWarnings("deprecation")
    public long getId() {
      return number;
    }
  }

  /** As much as a call with a block does between entering and leaving. */
  private Caller enterAndLeave(int blocks) {
    Caller caller = gate.enter();
    gate.leave(caller, blocks);
    return caller;
  }

  @Test
  void aThreadKeepsItsWordAndTheNextThreadGetsThatOfADeadOne() throws Exception {
    List<Caller> words = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      onAnotherThread(
          5,
          () -> {
            words.add(enterAndLeave(1));
            words.add(enterAndLeave(1));
            return true;
          });
    }
    for (Caller word : words) {
      assertSame(words.get(0), word);
    }
    assertEquals(6, gate.blocks(), "the dead threads' blocks");
  }

  @Test
  void aThreadThatHasEndedIsNotKept() throws Exception {
    Thread thread = new Thread(() -> gate.leave(gate.enter(), 2));
    WeakReference<Thread> kept = new WeakReference<>(thread);
    thread.start();
    thread.join();
    thread = null;
    for (int i = 0; i < 100 && kept.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertNull(kept.get());
    assertEquals(2, gate.blocks());
  }

  /** From JDK 21 on. A pause could not fence a virtual thread for sure. */
  @Test
  void aVirtualThreadNeverGetsTheWordOfADeadThread() throws Exception {
    Method start;
    try {
      start = Thread.class.getMethod("startVirtualThread", Runnable.class);
    } catch (NoSuchMethodException e) {
      abort("no virtual threads here");
      return;
    }
    for (int i = 0; i < 64; i++) {
      onAnotherThread(i, () -> enterAndLeave(1));
    }
    List<Caller> words = new ArrayList<>();
    Thread thread = (Thread) start.invoke(null, (Runnable) () -> words.add(enterAndLeave(1)));
    thread.join();
    assertNull(words.get(0).thread);
    assertEquals(65, gate.blocks());
  }

  @Test
  void ofTwoLiveThreadsAtOnePlaceTheSecondSharesAWord() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch goesOn = new CountDownLatch(1);
    FutureTask<Caller> first =
        new FutureTask<>(
            () -> {
              Caller caller = gate.enter();
              entered.countDown();
              goesOn.await();
              gate.leave(caller, 1);
              return caller;
            });
    Thread firstThread = new NumberedThread(7, first);
    firstThread.start();
    entered.await();
    Caller second = onAnotherThread(7, () -> enterAndLeave(-1));
    goesOn.countDown();
    assertNotSame(first.get(), second);
    assertEquals(0, gate.blocks());
    firstThread.join(); // only a dead thread's word is given to the next
    assertSame(first.get(), onAnotherThread(7, () -> enterAndLeave(0)));
  }

  @Test
  void aPauseWaitsForTheCallsOfAThreadThatCallsWithinACall() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch goesOn = new CountDownLatch(1);
    FutureTask<Boolean> call =
        new FutureTask<>(
            () -> {
              Caller outer = gate.enter();
              gate.leave(gate.enter(), 2);
              entered.countDown();
              goesOn.await();
              gate.leave(outer, 3);
              return true;
            });
    new Thread(call).start();
    entered.await();
    FutureTask<Long> pause =
        new FutureTask<>(
            () -> {
              gate.pause();
              long blocks = gate.blocks();
              gate.resume();
              return blocks;
            });
    new Thread(pause).start();
    Thread.sleep(20);
    assertFalse(pause.isDone(), "the pause did not wait for the outer call");
    goesOn.countDown();
    assertEquals(5, pause.get());
    assertTrue(call.get());
  }

  @Test
  void aPauseIsQuietAndCountsExactlyWhateverWordsTheThreadsHave() throws Exception {
    int threads = 4;
    long[] taken = new long[threads * 16];
    boolean[] stop = new boolean[1];
    List<FutureTask<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int index = i * 16;
      FutureTask<Boolean> task =
          new FutureTask<>(
              () -> {
                while (true) {
                  Caller caller = gate.enter();
                  boolean end = stop[0]; // written while no call is in progress
                  int blocks = (taken[index] & 3) == 0 ? 3 : -1;
                  for (int spin = 0; spin < SPINS; spin++) {
                    Thread.onSpinWait();
                  }
                  taken[index] += blocks;
                  gate.leave(caller, blocks);
                  if (end) {
                    return true;
                  }
                }
              });
      tasks.add(task);
      new NumberedThread(i / 2 * 9, task).start(); // two own words, two shared ones
    }
    try {
      for (int i = 0; i < PAUSES; i++) {
        gate.pause();
        long before = sum(taken);
        long blocks = gate.blocks();
        for (int spin = 0; spin < 4 * SPINS; spin++) {
          Thread.onSpinWait();
        }
        long after = sum(taken);
        gate.resume();
        assertEquals(before, after, "a call was in progress in a pause");
        assertEquals(Math.max(0, before), blocks);
      }
    } finally {
      gate.pause();
      stop[0] = true;
      gate.resume();
    }
    for (FutureTask<Boolean> task : tasks) {
      assertTrue(task.get());
    }
  }

  private static long sum(long[] numbers) {
    long sum = 0;
    for (long number : numbers) {
      sum += number;
    }
    return sum;
  }
}
