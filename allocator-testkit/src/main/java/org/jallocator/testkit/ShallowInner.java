package org.jallocator.testkit;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/**
 * The inner for tests with too little stack: each of its methods either overflows before it changed
 * anything or is done, because none calls another. It hands out invented addresses, 2^40 bytes
 * apart, what was freed last first. Shared, may block.
 */
public final class ShallowInner implements Allocator {

  private static final int MAX_BLOCKS = 1 << 16;
  private static final int STRIDE_SHIFT = 40;
  private static final long FIRST = 1L << 57;

  private final long alignment;
  private final long maxSize;
  private final long first;
  private final long[] sizes = new long[MAX_BLOCKS];
  private final int[] free = new int[MAX_BLOCKS];
  private int freeCount;
  private int next;
  private int live;
  private int wrongFrees;

  /**
   * Makes an inner that is like another one.
   *
   * @param like has the alignment and the largest size
   */
  public ShallowInner(Allocator like) {
    this.alignment = like.alignment();
    this.maxSize = Math.min(like.maxSize(), 1L << STRIDE_SHIFT);
    this.first = FIRST + alignment;
  }

  @Override
  public synchronized long malloc(long size) {
    long address = tryMalloc(size);
    if (address == NULL) {
      throw new OutOfMemoryError("shallow: no memory: size=" + size);
    }
    return address;
  }

  @Override
  public synchronized long tryMalloc(long size) {
    if (size < 1 || size > maxSize || live == MAX_BLOCKS) {
      return NULL;
    }
    int index = freeCount > 0 ? free[freeCount - 1] : next;
    if (freeCount > 0) {
      freeCount--;
    } else {
      next++;
    }
    sizes[index] = size;
    live++;
    return first + ((long) index << STRIDE_SHIFT);
  }

  @Override
  public synchronized void free(long address) {
    long offset = address - first;
    int index = (int) (offset >>> STRIDE_SHIFT);
    if ((offset & ((1L << STRIDE_SHIFT) - 1)) != 0
        || offset < 0
        || index >= next
        || sizes[index] == 0) {
      wrongFrees++;
      return;
    }
    sizes[index] = 0;
    free[freeCount++] = index;
    live--;
  }

  @Override
  public void free(long address, long size) {
    free(address);
  }

  /** {@return how many blocks are live} */
  public synchronized int live() {
    return live;
  }

  /** {@return how many frees were of no live block} */
  public synchronized int wrongFrees() {
    return wrongFrees;
  }

  @Override
  public long maxSize() {
    return maxSize;
  }

  @Override
  public long alignment() {
    return alignment;
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
  public void close() {}

  /** {@return the name} */
  @Override
  public String toString() {
    return "shallow";
  }
}
