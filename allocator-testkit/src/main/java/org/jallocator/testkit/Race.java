package org.jallocator.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Threads for the rules about shared allocators. */
final class Race {

  private static final long MINUTES = 5;

  /** What a thread does. */
  interface Task {
    void run(int thread);
  }

  /** Threads that live as long as the crew and do one thing after another. */
  static final class Crew implements AutoCloseable {

    private final List<ExecutorService> threads = new ArrayList<>();

    Crew(int size) {
      for (int i = 0; i < size; i++) {
        threads.add(Executors.newSingleThreadExecutor());
      }
    }

    int size() {
      return threads.size();
    }

    /** Does something on a certain thread, to its end. */
    <T> T on(int thread, Callable<T> task) {
      try {
        return threads.get(thread).submit(task).get();
      } catch (ExecutionException e) {
        throw new AssertionError("thread " + thread + " threw: " + e.getCause(), e.getCause());
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted", e);
      }
    }

    @Override
    public void close() {
      threads.forEach(ExecutorService::shutdownNow);
    }
  }

  private Race() {}

  /**
   * Runs a task on several threads that begin at once; what one of them throws is the test's. So is
   * the stack of a thread that does not end within some minutes.
   */
  static void run(int count, Task task) throws InterruptedException {
    CyclicBarrier start = new CyclicBarrier(count);
    Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      Thread thread = new Thread(() -> runOne(start, task, index, thrown), "racer-" + i);
      thread.setDaemon(true);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
    for (Thread thread : threads) {
      TimeUnit.NANOSECONDS.timedJoin(thread, deadline - System.nanoTime());
    }
    threads.stream().filter(Thread::isAlive).forEach(thread -> thrown.add(endless(thread)));
    if (!thrown.isEmpty()) {
      Throwable first = thrown.remove();
      AssertionError error = new AssertionError("a thread threw: " + first, first);
      thrown.forEach(error::addSuppressed);
      throw error;
    }
  }

  /** {@return an error that has the stack of a thread} */
  private static AssertionError endless(Thread thread) {
    AssertionError error = new AssertionError(thread + " does not end");
    error.setStackTrace(thread.getStackTrace());
    return error;
  }

  private static void runOne(CyclicBarrier start, Task task, int index, Queue<Throwable> thrown) {
    try {
      start.await();
      task.run(index);
    } catch (InterruptedException | BrokenBarrierException | RuntimeException | Error e) {
      thrown.add(e);
    }
  }
}
