package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What another thread reads of a tally's blocks while its owner mallocs. */
@Tag("once")
final class TallyBlocksRaceTest {

  private static final long NANOS = TimeUnit.SECONDS.toNanos(3);
  private static final int LOOKS = 4;
  private static final int MOST_DELAY = 64;
  private static final long GRANULE = 16;
  private static final long END = -1;

  /** The block that the other thread is to look for. */
  private final AtomicLong asked = new AtomicLong();

  /** The block that it has looked for. */
  private final AtomicLong seen = new AtomicLong();

  private final Tally tally = new Tally(Thread.currentThread());

  @Test
  void anotherThreadFindsALiveBlockAndItsOwnSizeWhileTheOwnerMallocs() throws Exception {
    FutureTask<String> other = new FutureTask<>(this::look);
    new Thread(other).start();
    long end = System.nanoTime() + NANOS;
    long next = GRANULE;
    for (int i = 0; System.nanoTime() < end && !other.isDone(); i++) {
      long block = next;
      add(block);
      asked.set(block);
      for (int delay = i % MOST_DELAY; delay > 0; delay--) {
        Thread.onSpinWait();
      }
      do {
        next += GRANULE;
        add(next);
        tally.take(next, 0);
      } while (seen.get() != block && !other.isDone());
      tally.take(block, 0);
      next += GRANULE;
    }
    asked.set(END);
    assertEquals("", other.get());
    assertEquals(0, tally.netBlocks());
    assertEquals(0, tally.netBytes());
  }

  private void add(long address) {
    tally.makeRoom();
    tally.add(address, sizeOf(address), true);
  }

  /** {@return what was found that is wrong} */
  private String look() {
    String wrong = "";
    long before = 0;
    for (long block = asked.get(); block != END; block = asked.get()) {
      if (block == before) {
        continue;
      }
      for (int i = 0; i < LOOKS; i++) {
        long found;
        synchronized (tally) { // without it a block may be missed
          found = tally.sizeOf(block);
        }
        if (found != sizeOf(block)) {
          wrong = "found " + found + " for a block of " + sizeOf(block);
        }
        long none = block + 1 + i;
        if (tally.sizeOf(none) != 0) {
          wrong = "found a size where no block was: address=" + none;
        }
      }
      seen.set(block);
      before = block;
    }
    return wrong;
  }

  /** Two blocks that follow on each other differ. */
  private static long sizeOf(long address) {
    return 1 + (address / GRANULE & 0xff);
  }
}
