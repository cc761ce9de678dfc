package org.jallocator.bench.run;

import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads that live as long as their contender, as those of a server's pool do: every round of so
 * many threads is run by the same ones.
 *
 * <p>A round keeps all of its threads busy at once, since its {@link Crew} starts together, so each
 * thread gets one line of it. Those of other rounds, with more or fewer threads, sleep meanwhile.
 *
 * <p>Confined to its owner thread.
 */
public final class StandingThreads implements AutoCloseable {

  private static final long PATIENCE_SECONDS = 120;

  private final ThreadFactory threads;
  private final Map<Integer, ThreadPoolExecutor> crews = new HashMap<>();
  private final Queue<Thread> made = new ConcurrentLinkedQueue<>();

  public StandingThreads(ThreadFactory threads) {
    this.threads = threads;
  }

  private Thread make(Runnable work) {
    Thread thread = threads.newThread(work);
    made.add(thread);
    return thread;
  }

  /** {@return what runs the lines of a round of so many threads, each on a thread of its own} */
  public Executor crew(int count) {
    return crews.computeIfAbsent(
        count,
        size ->
            new ThreadPoolExecutor(
                size, size, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), this::make));
  }

  /** Ends the threads and waits for their ends: a contender may be closed after that. */
  @Override
  public void close() {
    crews.values().forEach(ThreadPoolExecutor::shutdown);
    // The pool ends a moment before its threads do.
    for (Thread thread : made) {
      try {
        thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
      if (thread.isAlive()) {
        throw new IllegalStateException("threads do not end: seconds=" + PATIENCE_SECONDS);
      }
    }
  }
}
