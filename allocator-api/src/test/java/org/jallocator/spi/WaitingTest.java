package org.jallocator.spi;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WaitingTest {

  private static final int YIELDS = 40;
  private static final int LONG_AFTER_THE_SPINS = 1000;
  private static final int PAUSES = 50;
  private static final long LEAST_NANOS = 10_000_000;

  /** Else a thread of real-time priority would keep the one that it waits for from running. */
  @Test
  void anInterruptedThreadSleepsTooAndStaysInterrupted() {
    Thread.currentThread().interrupt();
    long start = System.nanoTime();
    for (int i = 0; i < PAUSES; i++) {
      Waiting.pause(LONG_AFTER_THE_SPINS);
    }
    long nanos = System.nanoTime() - start;
    assertTrue(Thread.interrupted(), "the interrupt is forgotten");
    assertTrue(nanos >= LEAST_NANOS, () -> "it did not sleep: nanos=" + nanos);
  }

  @Test
  void whereThereIsStackToSpinNoPauseOverflowsAndAnInterruptStays() throws InterruptedException {
    for (int tries : new int[] {YIELDS, LONG_AFTER_THE_SPINS}) {
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread thread = new Thread(null, () -> new AtTheEndOfTheStack(tries).run(), "deep", 262_144);
      thread.setUncaughtExceptionHandler((at, e) -> thrown.set(e));
      thread.start();
      thread.join();
      assertNull(thrown.get(), () -> "tries=" + tries + ": " + thrown.get());
    }
  }

  /** Pauses where the stack ends, and in each frame above. */
  private static final class AtTheEndOfTheStack {

    private static final int FRAMES = 200;

    /** What a compiler causes that replaces the method between the two pauses. */
    private static final int ACCEPTED = 2;

    private final int tries;
    private int frames;
    private int overflows;

    AtTheEndOfTheStack(int tries) {
      this.tries = tries;
    }

    void run() {
      Waiting.pause(tries);
      Thread.currentThread().interrupt();
      down();
      assertTrue(Thread.interrupted(), "the interrupt is forgotten");
      assertTrue(frames == FRAMES, () -> "frames=" + frames);
      assertTrue(overflows <= ACCEPTED, () -> "overflows=" + overflows);
    }

    @SuppressWarnings("InfiniteRecursion") // until the stack ends
    private void down() {
      try {
        down();
      } catch (StackOverflowError e) {
        // The pauses are below.
      }
      if (frames < FRAMES) {
        boolean spins = false;
        try {
          Waiting.pause(0);
          spins = true;
          Waiting.pause(tries);
        } catch (StackOverflowError e) {
          overflows += spins ? 1 : 0;
        }
        frames++;
      }
    }
  }

  @Test
  void aVirtualThreadCanWaitWhileTheJavaHeapIsFull(@TempDir Path folder) throws Exception {
    assumeTrue(Runtime.version().feature() >= 21);
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx20m",
                "-XX:+UseSerialGC",
                "-cp",
                placeOf(Waiting.class) + File.pathSeparator + placeOf(WaitingProgram.class),
                WaitingProgram.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(5, TimeUnit.MINUTES);
    process.destroyForcibly();
    assertTrue(ended, "it hangs");
    String printed = Files.readString(output, StandardCharsets.UTF_8);
    // A virtual machine may say more.
    assertTrue(printed.lines().anyMatch("waited"::equals), printed);
  }

  private static String placeOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }
}
