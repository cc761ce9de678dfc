package org.jallocator.metrics;

import java.util.concurrent.ThreadLocalRandom;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackChecked;

/**
 * Passes every call on to the inner, and records an event {@code org.jallocator.Malloc} and {@code
 * org.jallocator.Free} for each block if a flight recording has them enabled. Keeps no books: the
 * inner refuses bad frees if it can.
 *
 * <p><b>Sampling.</b> With {@code sample=n} a malloc of {@code size} bytes is recorded with the
 * probability {@code 1 - exp(-size / n)}, so about once in {@code n} bytes, and its weight is the
 * size over that probability: the weights of a recording sum up to an unbiased estimate of the
 * bytes. This is how tcmalloc and async-profiler sample. Frees are not sampled.
 *
 * <p><b>Close.</b> It stays open while the inner says that blocks are live, so that these can be
 * freed here. If others use the inner as well, such as another user of a named part, their blocks
 * count too: close them first, or close twice. Over an inner without books it always closes. A
 * malloc that races with close may end after it; so a closed one passes frees on while the inner
 * has live blocks, and the inner's own close reports the block until then.
 *
 * <p><b>Price.</b> While nothing is recorded, one more method call and one check.
 *
 * <p>Confined to its owner thread, or shared, as the inner is.
 */
class JfrAllocator implements Allocator, StackChecked {

  static final String NAME = "jfr";

  /** Never committed: asks whether a recording has these events enabled. */
  private static final JfrEvents.Malloc MALLOC = new JfrEvents.Malloc();

  private static final JfrEvents.Free FREE = new JfrEvents.Free();

  private final Allocator inner;
  private final long sample;
  private final Thread owner = Thread.currentThread();
  private volatile boolean closed;

  JfrAllocator(Allocator inner, long sample) {
    this.inner = inner;
    this.sample = sample;
  }

  @Override
  public final long malloc(long size) {
    requireOpen();
    long address = inner.malloc(size);
    try {
      recordMalloc(address, size);
    } catch (StackOverflowError | OutOfMemoryError e) {
      // The block counts, not its record. Caught here: the call itself may overflow the stack.
    }
    return address;
  }

  @Override
  public final long tryMalloc(long size) {
    requireOpen();
    long address;
    try {
      address = inner.tryMalloc(size);
    } catch (OutOfMemoryError e) {
      return NULL; // an inner may refuse in either way
    }
    try {
      recordMalloc(address, size);
    } catch (StackOverflowError | OutOfMemoryError e) {
      // As in malloc.
    }
    return address;
  }

  @Override
  public final void free(long address) {
    requireFreeable();
    recordFree(address);
    inner.free(address);
  }

  @Override
  public final void free(long address, long size) {
    requireFreeable();
    recordFree(address);
    inner.free(address, size);
  }

  final void requireOpen() {
    if (closed) {
      throw AllocatorErrors.closed(NAME);
    }
  }

  /** Refuses a free of a closed allocator, unless blocks are live: see the class. */
  final void requireFreeable() {
    if (closed && figuresBelow().liveBlocks() <= 0) {
      throw AllocatorErrors.closed(NAME);
    }
  }

  private void recordMalloc(long address, long size) {
    if (!MALLOC.isEnabled() || address == NULL) {
      return;
    }
    double probability = sample == 0 ? 1 : -Math.expm1(-(double) size / sample);
    if (probability < 1 && ThreadLocalRandom.current().nextDouble() >= probability) {
      return;
    }
    JfrEvents.Malloc event = new JfrEvents.Malloc();
    event.layer = NAME;
    event.address = address;
    event.size = size;
    event.weight = Math.round(size / probability);
    event.commit();
  }

  /** Records a free before it is made: after it, the block may be another thread's. */
  final void recordFree(long address) {
    try {
      if (FREE.isEnabled() && address != NULL) {
        JfrEvents.Free event = new JfrEvents.Free();
        event.layer = NAME;
        event.address = address;
        event.commit();
      }
    } catch (StackOverflowError | OutOfMemoryError e) {
      // The free counts, not its record.
    }
  }

  @Override
  public final long maxSize() {
    return inner.maxSize();
  }

  @Override
  public final long alignment() {
    return inner.alignment();
  }

  @Override
  public final long goodSize(long size) {
    return inner.goodSize(size);
  }

  @Override
  public final long trim() {
    requireOpen();
    return 0; // the inner may have other users
  }

  @Override
  public final boolean isShared() {
    return inner.isShared();
  }

  /** {@return whether the inner is: no call changes anything here} Shared, never blocks. */
  @Override
  public final boolean isStackChecked() {
    return StackChecked.is(inner);
  }

  @Override
  public final AllocatorStats stats() {
    return AllocatorStats.UNTRACKED;
  }

  /** {@return the figures of the first layer below that is no JfrAllocator} */
  private AllocatorStats figuresBelow() {
    return inner instanceof JfrAllocator jfr ? jfr.figuresBelow() : inner.stats();
  }

  /** {@return some addresses of live blocks, if the inner can name them} */
  long[] liveBlocks() {
    return new long[0];
  }

  private void requireOwner() {
    if (!isShared() && Thread.currentThread() != owner && owner.isAlive()) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws LeakException if the inner has live blocks; this allocator stays open
   */
  @Override
  public final void close() {
    requireOwner();
    if (closed) {
      return;
    }
    AllocatorStats stats = figuresBelow();
    if (stats.isTracked() && stats.liveBlocks() > 0) {
      throw AllocatorEvents.leaked(NAME, new LeakException(NAME, stats, liveBlocks()));
    }
    closed = true;
  }

  /**
   * {@inheritDoc}
   *
   * <p>The memory is the inner's, which gives it back when it closes, and reports the leak.
   */
  @Override
  public final void closeAndRelease() {
    requireOwner();
    closed = true;
  }
}
