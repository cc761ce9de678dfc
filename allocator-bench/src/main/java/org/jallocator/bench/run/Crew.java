package org.jallocator.bench.run;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one round. They start working together, once all of them run, and the clock stops
 * when the last has ended.
 *
 * <p>A {@link Work} that returns a successor ends its thread, and a new thread takes over: so a
 * round has as many lines of work at any time as it began with, but threads come and go.
 *
 * <p>If one fails, the round fails with its reason. The others are not interrupted. A thread that
 * waits for another calls {@link #check} now and then.
 */
public final class Crew {

  private final Executor threads;
  private final CountDownLatch ready;
  private final CountDownLatch go = new CountDownLatch(1);
  private final CountDownLatch done;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /** What one thread does. */
  public interface Work {

    /**
     * Works.
     *
     * @param crew the round that this is part of
     * @return what a new thread goes on with; null if this line of work is done
     * @throws InterruptedException if another thread wants the round to end
     */
    public @Nullable Work run(Crew crew) throws InterruptedException;
  }

  private Crew(Executor threads, int lines) {
    this.threads = threads;
    ready = new CountDownLatch(lines);
    done = new CountDownLatch(lines);
  }

  /**
   * Runs one round.
   *
   * @param threads makes the threads
   * @param lines what the first threads do
   * @return the time from the common start to the end of the last, in nanoseconds
   * @throws IllegalStateException if one of them failed, or this thread was interrupted
   */
  public static long run(ThreadFactory threads, List<? extends Work> lines) {
    return runOn(work -> threads.newThread(work).start(), lines);
  }

  /**
   * Runs one round on threads that may be there already.
   *
   * @param threads runs each line at once, on a thread of its own
   * @param lines what the first threads do
   * @return the time from the common start to the end of the last, in nanoseconds
   * @throws IllegalStateException if one of them failed, or this thread was interrupted
   */
  public static long runOn(Executor threads, List<? extends Work> lines) {
    Crew crew = new Crew(threads, lines.size());
    try {
      lines.forEach(work -> crew.start(crew::awaitOthers, work));
      crew.ready.await();
      long start = System.nanoTime();
      crew.go.countDown();
      crew.done.await();
      long nanos = System.nanoTime() - start;
      Throwable thrown = crew.failure.get();
      if (thrown != null) {
        throw new IllegalStateException("thread of the round failed: " + thrown, thrown);
      }
      return nanos;
    } catch (InterruptedException e) {
      crew.giveUp(e);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (OutOfMemoryError e) {
      crew.giveUp(e);
      throw new IllegalStateException("threads of the round cannot be started: " + e, e);
    }
  }

  private void awaitOthers() throws InterruptedException {
    ready.countDown();
    go.await();
    check();
  }

  /** Ends those who wait for the others, too. */
  private void giveUp(Throwable reason) {
    failure.compareAndSet(null, reason);
    go.countDown();
  }

  /** Ends the calling thread's work if another has failed. */
  public void check() {
    if (failure.get() != null) {
      throw new IllegalStateException("another thread of the round has failed");
    }
  }

  private interface Start {
    void await() throws InterruptedException;
  }

  private void start(Start start, Work work) {
    threads.execute(() -> work(start, work));
  }

  private void work(Start start, Work work) {
    try {
      start.await();
      Work successor = work.run(this);
      if (successor != null) {
        start(() -> {}, successor);
        return;
      }
    } catch (InterruptedException | RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
    done.countDown();
  }
}
