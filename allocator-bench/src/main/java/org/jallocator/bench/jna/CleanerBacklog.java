package org.jallocator.bench.jna;

import com.sun.jna.Memory;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What plain JNA has left to its cleaner. One cleaner does not keep up with several threads:
 * without a pause now and then the heap fills up until the JVM does nothing but collect garbage. So
 * after each iteration everybody waits for the cleaner, and no figure has that in it.
 */
@State(Scope.Benchmark)
public class CleanerBacklog {

  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** If the cleaner did nothing for so long, more garbage is made. */
  private static final long PAUSE_MILLIS = 20;

  /** What a few classes of JNA keep for ever. */
  private static final int FEW = 100;

  private final Map<?, ?> allocated = allocated();

  /** Made by JMH. */
  public CleanerBacklog() {}

  private static Map<?, ?> allocated() {
    try {
      Field field = Memory.class.getDeclaredField("allocatedMemory");
      field.setAccessible(true);
      return (Map<?, ?>) field.get(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("JNA keeps its memory elsewhere", e);
    }
  }

  /**
   * Waits until next to nothing is left, or the cleaner takes too long.
   *
   * @throws InterruptedException if JMH gives up
   */
  @TearDown(Level.Iteration)
  public void drain() throws InterruptedException {
    long start = System.nanoTime();
    while (allocated.size() > FEW && System.nanoTime() - start < LIMIT_NANOS) {
      System.gc();
      int left;
      do {
        left = allocated.size();
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      } while (allocated.size() < left);
    }
  }
}
