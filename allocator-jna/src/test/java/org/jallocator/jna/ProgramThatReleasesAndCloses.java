package org.jallocator.jna;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * One thread closes memory, which the allocator refuses each time; another one releases it. Prints
 * how often the block was nobody's: the memory was closed, and no thread had the address.
 */
final class ProgramThatReleasesAndCloses {

  private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final AtomicLong TRIES = new AtomicLong();

  private static volatile @Nullable AllocatorMemory memory;

  /** The memory that the last close which was silent was of: it was closed then. */
  private static volatile @Nullable AllocatorMemory foundClosed;

  private ProgramThatReleasesAndCloses() {}

  public static void main(String[] args) {
    Thread closing = new Thread(ProgramThatReleasesAndCloses::closeForEver);
    closing.setDaemon(true);
    closing.start();
    Allocator refusing = new WatchedAllocator((call, size) -> refuse());
    long start = System.nanoTime();
    int lost = 0;
    while (lost == 0 && System.nanoTime() - start < NANOS) {
      AllocatorMemory next = AllocatorMemory.adopt(refusing, 4096, 64);
      memory = next;
      lost += isReleased(next) ? 0 : 1;
    }
    System.out.println("LOST " + lost);
  }

  /** Refuses a free at about the time at which a release fails. */
  private static void refuse() {
    long before = TRIES.get();
    for (int i = 0; i < 500 && TRIES.get() - before < 2; i++) {
      Thread.onSpinWait();
    }
    throw new IllegalStateException("refused");
  }

  private static void closeForEver() {
    while (true) {
      AllocatorMemory closing = memory;
      if (closing == null) {
        continue;
      }
      try {
        closing.close();
        foundClosed = closing;
      } catch (IllegalStateException refused) {
        // It is open again.
      }
    }
  }

  @SuppressWarnings("ReferenceEquality") // memory is equal by its address
  private static boolean isReleased(AllocatorMemory memory) {
    while (true) {
      boolean wasClosed = foundClosed == memory;
      TRIES.incrementAndGet();
      try {
        return memory.release() == 4096;
      } catch (IllegalStateException closed) {
        if (wasClosed) {
          return false;
        }
      }
    }
  }
}
