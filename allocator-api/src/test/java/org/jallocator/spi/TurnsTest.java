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
    turns.end();
    assertWaits(TimeUnit.MILLISECONDS.toNanos(3));
  }

  @Test
  void othersHaveNoLongerThanTheLimit() throws InterruptedException {
    turns.begin();
    Thread.sleep(50);
    turns.end();
    assertWaits(Turns.MAX_NANOS);
  }

  private void assertWaits(long least) {
    long start = System.nanoTime();
    turns.letOthersIn();
    long nanos = System.nanoTime() - start;
    assertTrue(nanos >= least - TimeUnit.MILLISECONDS.toNanos(1), () -> "nanos=" + nanos);
  }
}
