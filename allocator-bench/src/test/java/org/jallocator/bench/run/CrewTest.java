package org.jallocator.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CrewTest {

  @Test
  void allLinesRunAtOnce() {
    CyclicBarrier all = new CyclicBarrier(3);
    Crew.Work meets =
        crew -> {
          try {
            all.await();
          } catch (BrokenBarrierException e) {
            throw new IllegalStateException(e);
          }
          return null;
        };

    assertTrue(Crew.run(Thread::new, List.of(meets, meets, meets)) > 0);
  }

  @Test
  void successorRunsOnANewThreadWhenItsPredecessorHasReturned() {
    List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
    Crew.Work last =
        crew -> {
          threads.add(Thread.currentThread());
          return null;
        };
    Crew.Work first =
        crew -> {
          threads.add(Thread.currentThread());
          return last;
        };

    Crew.run(Thread::new, List.of(first));

    assertEquals(2, threads.stream().distinct().count());
  }

  @Test
  void timeIsThatOfTheLongestLine() {
    long nanos =
        Crew.run(
            Thread::new,
            List.of(
                crew -> null,
                crew -> {
                  Thread.sleep(50);
                  return null;
                }));

    assertTrue(nanos >= TimeUnit.MILLISECONDS.toNanos(50), "nanos=" + nanos);
  }

  @Test
  void failureOfOneEndsThoseWhoWaitAndIsTold() {
    OutOfMemoryError reason = new OutOfMemoryError("none left");
    Crew.Work fails =
        crew -> {
          throw reason;
        };
    Crew.Work waits =
        crew -> {
          while (true) {
            crew.check();
            Thread.sleep(1);
          }
        };

    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class,
            () -> Crew.run(Thread::new, List.of(waits, crew -> fails, waits)));

    assertEquals("thread of the round failed: " + reason, failure.getMessage());
    assertSame(reason, failure.getCause());
  }

  @Test
  void threadThatCannotBeStartedEndsThoseWhoWere() throws InterruptedException {
    List<Thread> started = new ArrayList<>();
    OutOfMemoryError reason = new OutOfMemoryError("unable to create native thread");
    ThreadFactory twoOnly =
        work -> {
          if (started.size() == 2) {
            throw reason;
          }
          Thread thread = new Thread(work);
          started.add(thread);
          return thread;
        };
    AtomicInteger worked = new AtomicInteger();
    Crew.Work never =
        crew -> {
          worked.incrementAndGet();
          return null;
        };

    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class, () -> Crew.run(twoOnly, List.of(never, never, never)));

    assertSame(reason, failure.getCause());
    for (Thread thread : started) {
      thread.join();
    }
    assertEquals(0, worked.get());
  }
}
