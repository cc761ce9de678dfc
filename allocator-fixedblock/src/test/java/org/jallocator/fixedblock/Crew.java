package org.jallocator.fixedblock;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;

/** Threads that begin at the same moment; what one of them throws, the test throws. */
final class Crew {

  private static final long TIMEOUT_SECONDS = 60;

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
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
      if (thread.isAlive()) {
        AssertionError stuck = new AssertionError(thread + " does not end");
        stuck.setStackTrace(thread.getStackTrace());
        throw stuck;
      }
    }
    if (!thrown.isEmpty()) {
      AssertionError error = new AssertionError("threads that threw: " + thrown.size());
      thrown.forEach(error::addSuppressed);
      throw error;
    }
  }
}
