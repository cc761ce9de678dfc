package org.jallocator.testkit;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.spi.AllocatorErrors;

/**
 * A reference leaf for the tests of the contract: like C's malloc it keeps no books and recognises
 * no wrong frees; and the place to plant bugs. Its memory is an array, so that what is written to
 * it can be read again.
 */
final class NaiveLeaf implements Allocator {

  private static final String NAME = "naive-leaf";
  private static final long BASE = 0x10_0000;
  private static final long ALIGNMENT = 16;

  private final byte[] memory = new byte[1 << 21];
  private final Bug bug;
  private final Thread maker = Thread.currentThread();
  private volatile int next;
  private volatile boolean closed;

  NaiveLeaf(Bug bug) {
    this.bug = bug;
  }

  private boolean has(Bug planted) {
    return bug == planted;
  }

  @Override
  public long malloc(long size) {
    long address = tryMalloc(size);
    if (address == NULL && !has(Bug.LEAF_HANDS_OUT_NULL)) {
      throw AllocatorErrors.outOfMemory(NAME, size);
    }
    return address;
  }

  @Override
  public long tryMalloc(long size) {
    requireUsable();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
    int start = take(size);
    if (start < 0) {
      return NULL;
    }
    if (has(Bug.LEAF_WRITES_BEYOND_A_BLOCK) && start > 0) {
      memory[start - 1] = 0;
    }
    return BASE + start + (has(Bug.LEAF_MISALIGNS) ? ALIGNMENT / 2 : 0);
  }

  private int take(long size) {
    if (has(Bug.LEAF_RACES)) {
      return takeRacing(size);
    }
    synchronized (memory) {
      return takeRacing(size);
    }
  }

  private int takeRacing(long size) {
    int start = next;
    if (size > memory.length - start - ALIGNMENT) {
      return -1;
    }
    if (has(Bug.LEAF_RACES)) {
      LockSupport.parkNanos(1000);
    }
    next = (int) (start + ((size + ALIGNMENT - 1) & -ALIGNMENT));
    return start;
  }

  @Override
  public void free(long address) {
    requireUsable();
  }

  @Override
  public void free(long address, long size) {
    requireUsable();
    if (address != NULL && size < 1 && !has(Bug.LEAF_TAKES_IMPOSSIBLE_SIZES)) {
      throw new InvalidFreeException(NAME, address, size, maxSize());
    }
  }

  private void requireUsable() {
    if (Thread.currentThread() != maker && has(Bug.LEAF_IS_NOT_SHARED_THOUGH_IT_SAYS_SO)) {
      throw AllocatorErrors.wrongThread(NAME, maker);
    }
    if (closed && !has(Bug.LEAF_SERVES_AFTER_CLOSE)) {
      throw AllocatorErrors.closed(NAME);
    }
  }

  @Override
  public long maxSize() {
    return Long.MAX_VALUE;
  }

  @Override
  public long alignment() {
    return ALIGNMENT;
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public AllocatorStats stats() {
    return AllocatorStats.UNTRACKED;
  }

  @Override
  public void close() {
    closed = true;
  }

  /** Fills a range of this leaf's memory. */
  void write(long address, long size, byte pattern) {
    Arrays.fill(memory, (int) (address - BASE), (int) (address - BASE + size), pattern);
  }

  /** {@return whether a range of this leaf's memory is filled with a pattern} */
  boolean verify(long address, long size, byte pattern) {
    for (int i = (int) (address - BASE); i < address - BASE + size; i++) {
      if (memory[i] != pattern) {
        return false;
      }
    }
    return true;
  }
}
