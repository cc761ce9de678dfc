package org.jallocator.torture;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** Threads of a row, each with a number. */
final class Threads {

  /** What a thread does. */
  interface Work {
    void run(int thread) throws Exception;
  }

  /** Less than what a {@link ChildJvm} may take: it is to say which thread does not end. */
  private static final long MILLIS = 600_000;

  private Threads() {}

  /** Waits for the end of a thread. */
  static void join(Thread thread) {
    try {
      thread.join(MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    if (thread.isAlive()) {
      throw new AssertionError("does not end: " + thread + List.of(thread.getStackTrace()));
    }
  }

  /** Runs some threads at once, to their ends, and throws what one of them threw. */
  static void run(int count, Work work) {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      Thread thread =
          new Thread(
              () -> {
                try {
                  work.run(number);
                } catch (Throwable e) {
                  thrown.compareAndSet(null, e);
                }
              },
              "torture-" + number);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
    threads.forEach(Threads::join);
    Throwable first = thrown.get();
    if (first != null) {
      throw new AssertionError("" + first, first);
    }
  }
}
