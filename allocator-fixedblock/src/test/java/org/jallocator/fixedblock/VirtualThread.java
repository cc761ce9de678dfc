package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Virtual threads, by reflection: the tests are compiled for JDK 17. */
final class VirtualThread {

  private VirtualThread() {}

  /** Skips the test if there are none. */
  static void assumeAvailable() {
    assumeTrue(Runtime.version().feature() >= 21, "no virtual threads");
  }

  /** {@return an executor that has a new virtual thread for each task} */
  static ExecutorService executor() throws ReflectiveOperationException {
    return (ExecutorService)
        Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  /** Makes calls on a new virtual thread, and waits for their end. */
  static void run(Callable<@Nullable Void> calls) throws Exception {
    FutureTask<@Nullable Void> task = new FutureTask<>(calls);
    Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
    task.get(1, TimeUnit.MINUTES);
  }
}
