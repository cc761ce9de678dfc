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

/** Threads for the rules about shared allocators. */
final class Race {

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

  /** Runs a task on several threads that begin at once; what one of them throws is the test's. */
  static void run(int count, Task task) throws InterruptedException {
    CyclicBarrier start = new CyclicBarrier(count);
    Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      threads.add(new Thread(() -> runOne(start, task, index, thrown)));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    if (!thrown.isEmpty()) {
      throw new AssertionError("a thread threw: " + thrown.element(), thrown.element());
    }
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
