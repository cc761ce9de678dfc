package org.jallocator.torture;

import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jallocator.Allocator;
import org.jallocator.LeakException;
import org.jallocator.torture.FaultyAllocator.Bug;

/** Closes that race with mallocs and frees: each call is done or refused, and nothing is lost. */
final class CloseRow implements Row {

  private static final long CLOSES = 20_000;
  private static final int WORKERS = 2;
  private static final int MOST_CALLS = 1_000_000;
  private static final int SERVED_LATE = 1_000;
  private static final int SIZES = 200;

  @Override
  public String name() {
    return "races of close with malloc and free";
  }

  @Override
  public void run(Figures figures, Scale scale) {
    long closes = scale.of(CLOSES, 60);
    List<String> stacks = Stacks.shared();
    while (figures.total() < closes) {
      for (String stack : stacks) {
        close(stack);
        figures.add(1);
      }
    }
  }

  /**
   * {@return the most blocks that a leak may have} A root without books, such as jfr, adds up the
   * figures of the size classes below one after the other. If it loses its processor in between, it
   * may see a worker's block in each.
   */
  private static long mostLeaked(Allocator root) {
    return root.stats().isTracked()
        ? WORKERS
        : WORKERS
            * IntStream.range(0, SIZES)
                .mapToLong(i -> root.goodSize(sizeOf(root, i)))
                .distinct()
                .count();
  }

  /** Mostly small ones, now and then a large one; the same again after {@link #SIZES}. */
  private static long sizeOf(Allocator allocator, int i) {
    return Math.min(allocator.maxSize(), i % 8 == 7 ? 5000 : 1 + i % 100);
  }

  private static void close(String stack) {
    Tower tower = Tower.open(stack);
    Allocator allocator = tower.allocator();
    CyclicBarrier start = new CyclicBarrier(WORKERS + 1);
    boolean[] closed = new boolean[1];
    AtomicBoolean failed = new AtomicBoolean();
    Threads.run(
        WORKERS + 1,
        number -> {
          start.await();
          if (number < WORKERS) {
            try {
              callUntilRefused(allocator, closed);
            } catch (RuntimeException | Error e) {
              failed.set(true);
              throw e;
            }
          } else {
            closeInTheEnd(tower, failed);
            synchronized (closed) {
              closed[0] = true;
            }
          }
        });
    tower.ledger().assertEverythingReturned();
  }

  private static void callUntilRefused(Allocator allocator, boolean[] closed) {
    int late = 0;
    for (int i = 0; i < MOST_CALLS && late < SERVED_LATE; i++) {
      synchronized (closed) {
        late += closed[0] ? 1 : 0;
      }
      long address;
      try {
        address = allocator.malloc(sizeOf(allocator, i));
      } catch (IllegalStateException e) {
        return;
      }
      allocator.free(address); // never refused: its block was live, so nobody can have closed
      LockSupport.parkNanos(1);
    }
    throw new AssertionError("served after close");
  }

  private static void closeInTheEnd(Tower tower, AtomicBoolean failed) {
    long most = mostLeaked(tower.allocator());
    while (!failed.get()) {
      try {
        tower.close();
        return;
      } catch (LeakException e) {
        if (e.liveBlocks() < 1 || e.liveBlocks() > most) {
          throw new AssertionError("leak of " + e.liveBlocks(), e);
        }
        LockSupport.parkNanos(1);
      }
    }
  }

  @Override
  public List<Control> controls() {
    Bug bug = Bug.SERVES_AFTER_CLOSE;
    String stack = FaultyProvider.expression(bug, Stacks.GENERAL);
    return List.of(new Control(bug.name(), () -> close(stack)));
  }
}
