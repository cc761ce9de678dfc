package org.jallocator.jna;

import com.sun.jna.Pointer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;

/**
 * C's memory with books, for the tests: it fills blocks with {@link #DIRT} before it hands them
 * out, so that what is zero was made zero; it refuses a free of another address or size; and
 * closing it finds leaks. Shared, may block; or confined to its owner thread.
 */
final class RealMemory implements Allocator {

  static final byte DIRT = (byte) 0xA5;

  private static final String NAME = "real";

  private final DefaultAllocator c = new DefaultAllocator();
  private final Map<Long, Long> live = new ConcurrentHashMap<>();
  private final AtomicLong mallocs = new AtomicLong();
  private final Thread owner = Thread.currentThread();
  private final boolean shared;
  private final long maxSize;

  private RealMemory(boolean shared, long maxSize) {
    this.shared = shared;
    this.maxSize = maxSize;
  }

  static RealMemory shared() {
    return new RealMemory(true, Long.MAX_VALUE);
  }

  static RealMemory confined() {
    return new RealMemory(false, Long.MAX_VALUE);
  }

  static RealMemory upTo(long maxSize) {
    return new RealMemory(false, maxSize);
  }

  long mallocs() {
    return mallocs.get();
  }

  int liveBlocks() {
    return live.size();
  }

  /** {@return the live blocks by address, with the sizes that they were asked for} */
  Map<Long, Long> live() {
    return Map.copyOf(live);
  }

  @Override
  public long malloc(long size) {
    requireOwner();
    if (size > maxSize) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", maxSize);
    }
    long address = c.malloc(size);
    new Pointer(address).setMemory(0, size, DIRT);
    live.put(address, size);
    mallocs.incrementAndGet();
    return address;
  }

  @Override
  public long tryMalloc(long size) {
    return size > maxSize ? NULL : malloc(size);
  }

  @Override
  public void free(long address) {
    Long size = live.get(address);
    free(address, size == null ? 1 : size);
  }

  @Override
  public void free(long address, long size) {
    requireOwner();
    Long asked = live.get(address);
    if (asked != null && asked != size) {
      throw new InvalidFreeException(NAME, address, size, asked);
    }
    if (asked == null || !live.remove(address, asked)) {
      throw new InvalidFreeException(Reason.FOREIGN, NAME, address);
    }
    c.free(address);
  }

  private void requireOwner() {
    if (!shared && Thread.currentThread() != owner) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
  }

  @Override
  public long maxSize() {
    return maxSize;
  }

  @Override
  public long alignment() {
    return c.alignment();
  }

  @Override
  public boolean isShared() {
    return shared;
  }

  @Override
  public AllocatorStats stats() {
    return AllocatorStats.UNTRACKED;
  }

  @Override
  public void close() {
    if (!live.isEmpty()) {
      throw new LeakException(
          NAME, new AllocatorStats(true, live.size(), 0, live.size(), 0, 0, 0, 0));
    }
  }

  @Override
  public String toString() {
    return NAME;
  }
}
