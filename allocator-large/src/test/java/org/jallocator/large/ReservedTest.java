package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jallocator.AllocatorStats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is reserved, and its peak, also while a block is on its way. */
@Timeout(60)
final class ReservedTest {

  private static final long RACE_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

  @Test
  void thePeakIsNeverLessThanWhatIsReservedBesideTheOwner() throws Exception {
    int blocks = 500_000;
    LargeBlockAllocator large =
        LargeBlockAllocator.builder(new FaultyAllocator(blocks)).retain(0).build();
    AtomicBoolean done = new AtomicBoolean();
    FutureTask<AllocatorStats> reader =
        new FutureTask<>(
            () -> {
              AllocatorStats stats = large.stats();
              while (!done.get() && stats.reservedBytes() <= stats.peakReservedBytes()) {
                stats = large.stats();
              }
              return stats;
            });
    new Thread(reader).start();
    try {
      long end = System.nanoTime() + RACE_NANOS;
      for (int i = 0; i < blocks && System.nanoTime() < end && !reader.isDone(); i++) {
        large.malloc(1000);
      }
    } finally {
      done.set(true);
    }
    AllocatorStats last = reader.get();
    assertEquals(
        Math.max(last.reservedBytes(), last.peakReservedBytes()), last.peakReservedBytes());
  }

  @Test
  void thePeakCountsABlockThatTheInnerRefusedAfterAnotherWasTaken() {
    LargeBlockAllocator[] large = new LargeBlockAllocator[1];
    large[0] =
        LargeBlockAllocator.builder(
                new Forwarding(new FaultyAllocator(10)) {
                  @Override
                  public void free(long address, long size) {
                    large[0].malloc(1000);
                    throw new IllegalStateException("planned");
                  }
                })
            .retain(0)
            .build();
    long address = large[0].malloc(1000);
    assertThrows(IllegalStateException.class, () -> large[0].free(address));
    assertEquals(2048, large[0].stats().reservedBytes());
    assertEquals(2048, large[0].stats().peakReservedBytes());
  }
}
