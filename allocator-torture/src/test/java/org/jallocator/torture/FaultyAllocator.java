package org.jallocator.torture;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.OwningAllocator;

/**
 * A layer that passes everything on, but for one bug. A control: the oracle of each row of the
 * table must report it.
 */
final class FaultyAllocator implements OwningAllocator {

  /** What it does wrong. */
  enum Bug {
    /** Nothing: then no oracle may report anything. */
    NONE,
    /** Now and then hands out a block that is live. */
    HANDS_OUT_TWICE,
    /** Now and then hands out a block that is shorter than it says. */
    HANDS_OUT_SHORT,
    /** Reports one live block too many. */
    MISCOUNTS,
    /** Drops a free now and then. */
    LOSES_A_FREE,
    /** Is silent about a second free. */
    ACCEPTS_DOUBLE_FREE,
    /** Is silent about a free of an address inside a block. */
    ACCEPTS_INTERIOR_FREE,
    /** Is silent about a free of what is not its memory. */
    ACCEPTS_FOREIGN_FREE,
    /** Is silent about a size that the block cannot have. */
    ACCEPTS_ANY_SIZE,
    /** Refuses a wrong free, but counts it. */
    COUNTS_WHAT_IT_REFUSES,
    /** Loses a block when the layer below fails. */
    LEAKS_ON_FAILURE,
    /** Returns NULL instead of throwing. */
    SWALLOWS_ERRORS,
    /** Says nothing about what the layer below throws at a free. */
    SWALLOWS_ERRORS_OF_FREE,
    /** Counts a block before the call that may fail. */
    COUNTS_TOO_EARLY,
    /** Keeps a freed block for reuse in a field that threads race for. */
    RACES,
    /** Serves on after its close. */
    SERVES_AFTER_CLOSE,
    /** Frees nothing that a thread mallocked that has ended. */
    LOSES_BLOCKS_OF_THE_DEAD,
    /** Frees a block twice in the layer below. */
    FREES_TWICE
  }

  private static final int EVERY = 50;

  /** So many that a stack that ends near here ends in these frames. */
  private static final int DEPTH = 400;

  private final Bug bug;
  private final OwningAllocator inner;
  private final Map<Long, Thread> owners = new ConcurrentHashMap<>();
  private long calls;
  private long miscount;
  private long previous;
  private long kept;
  private volatile boolean servesAfterClose;

  FaultyAllocator(Bug bug, OwningAllocator inner) {
    this.bug = bug;
    this.inner = inner;
  }

  private boolean now() {
    return ++calls % EVERY == 0;
  }

  @Override
  public long malloc(long size) {
    return take(size, false);
  }

  @Override
  public long tryMalloc(long size) {
    return take(size, true);
  }

  private long take(long size, boolean byTry) {
    if (servesAfterClose) {
      return alignment();
    }
    if (bug == Bug.RACES && size <= 64 && kept != NULL) {
      long block = kept;
      LockSupport.parkNanos(1);
      kept = NULL;
      return block;
    }
    if (bug == Bug.HANDS_OUT_TWICE && previous != NULL && now()) {
      return previous;
    }
    if (bug == Bug.HANDS_OUT_SHORT && size > 64 && now()) {
      return inner.malloc(1);
    }
    if (bug == Bug.COUNTS_TOO_EARLY) {
      miscount++;
    }
    long address;
    try {
      address = ask(bug == Bug.COUNTS_TOO_EARLY ? DEPTH : 0, size, byTry);
    } catch (OutOfMemoryError | StackOverflowError e) {
      if (bug == Bug.SWALLOWS_ERRORS) {
        return NULL;
      }
      miscount += bug == Bug.LEAKS_ON_FAILURE ? 1 : 0;
      throw e;
    }
    if (bug == Bug.LEAKS_ON_FAILURE && miscount > 0) {
      miscount = 0;
      return inner.malloc(size);
    }
    if (bug == Bug.COUNTS_TOO_EARLY && address != NULL) {
      miscount--;
    }
    if (bug == Bug.LOSES_BLOCKS_OF_THE_DEAD) {
      owners.put(address, Thread.currentThread());
    }
    previous = address;
    return address;
  }

  /** Asks the inner, below so many frames of this method. */
  private long ask(int frames, long size, boolean byTry) {
    if (frames > 0) {
      return ask(frames - 1, size, byTry);
    }
    return byTry ? inner.tryMalloc(size) : inner.malloc(size);
  }

  @Override
  public void free(long address) {
    give(address, () -> inner.free(address));
  }

  @Override
  public void free(long address, long size) {
    give(address, () -> inner.free(address, size));
  }

  @Override
  public boolean tryFree(long address) {
    if (inner.owns(address)) {
      give(address, () -> inner.free(address));
      return true;
    }
    return bug == Bug.ACCEPTS_FOREIGN_FREE;
  }

  private void give(long address, Runnable free) {
    if (servesAfterClose) {
      if (address != alignment()) {
        free.run(); // it was handed out before the close: else the inner could never be closed
      }
      return;
    }
    if (bug == Bug.RACES && kept == NULL && inner.owns(address)) {
      kept = address;
      return;
    }
    if (bug == Bug.LOSES_A_FREE && now()) {
      return;
    }
    Thread owner = bug == Bug.LOSES_BLOCKS_OF_THE_DEAD ? owners.remove(address) : null;
    if (owner != null && !owner.isAlive()) {
      return;
    }
    previous = address == previous ? NULL : previous;
    try {
      free.run();
      if (bug == Bug.FREES_TWICE && now()) {
        free.run();
      }
    } catch (InvalidFreeException e) {
      miscount += bug == Bug.COUNTS_WHAT_IT_REFUSES ? 1 : 0;
      if (!accepts(e.reason())) {
        throw e;
      }
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      if (bug != Bug.SWALLOWS_ERRORS_OF_FREE) {
        throw e;
      }
    }
  }

  private boolean accepts(Reason reason) {
    return switch (reason) {
      case DOUBLE_FREE -> bug == Bug.ACCEPTS_DOUBLE_FREE;
      case NOT_A_BLOCK -> bug == Bug.ACCEPTS_INTERIOR_FREE;
      case FOREIGN -> bug == Bug.ACCEPTS_FOREIGN_FREE;
      case SIZE_MISMATCH -> bug == Bug.ACCEPTS_ANY_SIZE;
      default -> false;
    };
  }

  @Override
  public boolean owns(long address) {
    return inner.owns(address);
  }

  @Override
  public long maxSize() {
    return inner.maxSize();
  }

  @Override
  public long alignment() {
    return inner.alignment();
  }

  @Override
  public long goodSize(long size) {
    return inner.goodSize(size);
  }

  @Override
  public boolean isShared() {
    return inner.isShared();
  }

  @Override
  public AllocatorStats stats() {
    AllocatorStats stats = inner.stats();
    return new AllocatorStats(
        stats.isTracked(),
        stats.liveBlocks() + miscount + (bug == Bug.MISCOUNTS && calls++ > EVERY ? 1 : 0),
        stats.liveBytes(),
        stats.unsizedBlocks(),
        stats.reservedBytes(),
        stats.peakReservedBytes(),
        stats.innerMallocs(),
        stats.innerFrees());
  }

  @Override
  public void close() {
    servesAfterClose = bug == Bug.SERVES_AFTER_CLOSE;
  }

  @Override
  public String toString() {
    return "faulty";
  }
}
