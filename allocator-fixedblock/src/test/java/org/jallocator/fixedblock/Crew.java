package org.jallocator.fixedblock;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;

/**
 * Threads that begin at the same moment; what one of them throws, the test throws. The others are
 * interrupted then, so that they do not wait for it at a barrier.
 */
final class Crew {

  /** Below the ten minutes of the tests: what a thread threw, or where it waits, must be seen. */
  private static final long TIMEOUT_SECONDS = Math.min(180L * HeapRaceTest.SCALE, 500);

  /** What a member does. */
  interface Task {
    void run(int member) throws Exception;
  }

  private Crew() {}

  /** Runs a task on several threads, and waits for all. */
  static void run(int members, Task task) throws InterruptedException {
    CyclicBarrier start = new CyclicBarrier(members);
    Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < members; i++) {
      int member = i;
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                  task.run(member);
                } catch (Throwable e) {
                  thrown.add(e);
                }
              },
              "member-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    for (Thread thread : threads) {
      while (!joined(thread)) {
        if (!thrown.isEmpty()) {
          threads.forEach(Thread::interrupt);
          deadline = Math.min(deadline, System.nanoTime() + TimeUnit.SECONDS.toNanos(10));
        }
        if (System.nanoTime() > deadline) {
          thrown.add(stuck(thread));
          break;
        }
      }
    }
    if (!thrown.isEmpty()) {
      AssertionError error = new AssertionError("threads that threw: " + thrown.size());
      thrown.forEach(error::addSuppressed);
      throw error;
    }
  }

  private static boolean joined(Thread thread) throws InterruptedException {
    thread.join(100);
    return !thread.isAlive();
  }

  private static AssertionError stuck(Thread thread) {
    AssertionError stuck = new AssertionError(thread + " does not end");
    stuck.setStackTrace(thread.getStackTrace());
    return stuck;
  }
}
