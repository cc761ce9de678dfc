package org.jallocator.spi;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class TurnsTest {

  private final Turns turns = new Turns();

  @Test
  void othersHaveAsLongAsTheLastTurnTook() throws InterruptedException {
    turns.begin();
    Thread.sleep(3);
    assertWaitsAfterTheEnd(TimeUnit.MILLISECONDS.toNanos(3));
  }

  @Test
  void othersHaveNoLongerThanTheLimit() throws InterruptedException {
    turns.begin();
    Thread.sleep(50);
    assertWaitsAfterTheEnd(Turns.MAX_NANOS);
  }

  private void assertWaitsAfterTheEnd(long least) {
    long start = System.nanoTime(); // before the end, from which on the wait counts
    turns.end();
    turns.letOthersIn();
    long nanos = System.nanoTime() - start;
    assertTrue(nanos >= least, () -> "nanos=" + nanos);
  }
}
