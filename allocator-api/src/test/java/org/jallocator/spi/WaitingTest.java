package org.jallocator.spi;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class WaitingTest {

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
}
