package org.jallocator.large;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.StackChecked;
import org.jspecify.annotations.Nullable;

/**
 * An inner that throws where it is told to, also in free, before or after it has taken the block.
 *
 * <p>Block i lies at {@code BASE + i * STRIDE}, an address is never used twice, and whether a block
 * is live is changed by one store: what a StackOverflowError in here leaves behind is exact.
 */
final class FaultyAllocator implements Allocator, StackChecked {

  static final long BASE = Long.MIN_VALUE - (1L << 40);
  static final long STRIDE = 1L << 32;

  /** When a fault strikes in a call. */
  enum Moment {
    BEFORE,
    AFTER
  }

  private final long[] sizes;
  private int used;
  private int live;
  private long calls;
  private long failingCall;
  private Moment moment = Moment.BEFORE;
  private @Nullable Runnable fault;
  private long strikes;
  private boolean struckInFree;
  private final boolean stackChecked;
  private boolean closed;

  FaultyAllocator(int maxBlocks) {
    this(maxBlocks, false);
  }

  FaultyAllocator(int maxBlocks, boolean stackChecked) {
    this.sizes = new long[maxBlocks];
    this.stackChecked = stackChecked;
  }

  /** Makes one call of malloc or free run a fault; null for a malloc that returns NULL. */
  synchronized void failOnce(long nth, Moment moment, @Nullable Runnable fault) {
    this.failingCall = calls + nth;
    this.moment = moment;
    this.fault = fault;
  }

  synchronized long calls() {
    return calls;
  }

  synchronized long strikes() {
    return strikes;
  }

  synchronized int liveBlocks() {
    return live;
  }

  synchronized long liveBytes() {
    long sum = 0;
    for (int i = 0; i < used; i++) {
      sum += Math.max(0, sizes[i]);
    }
    return sum;
  }

  /** {@return whether the last fault was one of free} */
  synchronized boolean struckInFree() {
    return struckInFree;
  }

  /** {@return whether a range lies in a live block} */
  synchronized boolean holds(long address, long size) {
    long offset = address - BASE;
    long number = Long.divideUnsigned(offset, STRIDE);
    return Long.compareUnsigned(number, used) < 0
        && Long.remainderUnsigned(offset, STRIDE) + size <= sizes[(int) number];
  }

  private boolean strikes(Moment now) {
    if (now == Moment.BEFORE) {
      calls++;
    }
    if (calls != failingCall || now != moment) {
      return false;
    }
    strikes++;
    return true;
  }

  @Override
  public long malloc(long size) {
    long address = tryMalloc(size);
    if (address == NULL) {
      throw new OutOfMemoryError("faulty: size=" + size);
    }
    return address;
  }

  @Override
  public synchronized long tryMalloc(long size) {
    if (closed) {
      throw new AssertionError("malloc after close");
    }
    if (strikes(Moment.BEFORE)) {
      if (fault == null) {
        return NULL;
      }
      fault.run();
    }
    if (used == sizes.length) {
      return NULL;
    }
    long address = BASE + used * STRIDE;
    live++;
    sizes[used++] = size;
    return address;
  }

  @Override
  public void free(long address) {
    throw new AssertionError("the layer has the size, and must bring it");
  }

  @Override
  public synchronized void free(long address, long size) {
    int number = (int) ((address - BASE) / STRIDE);
    if (closed || address != BASE + number * STRIDE || sizes[number] != size) {
      throw new AssertionError("wrong free: block=" + number + ", closed=" + closed);
    }
    strikeInFree(Moment.BEFORE);
    live--;
    sizes[number] = -size;
    strikeInFree(Moment.AFTER);
  }

  private void strikeInFree(Moment now) {
    if (strikes(now)) {
      struckInFree = true;
      if (fault != null) {
        fault.run();
      }
    }
  }

  @Override
  public long maxSize() {
    return STRIDE / 2;
  }

  @Override
  public long alignment() {
    return 16;
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public boolean isStackChecked() {
    return stackChecked;
  }

  @Override
  public AllocatorStats stats() {
    return AllocatorStats.UNTRACKED;
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}
