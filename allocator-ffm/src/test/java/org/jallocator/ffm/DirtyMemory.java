package org.jallocator.ffm;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.stack.AllocatorStack;

/**
 * C's memory with books: blocks are filled with {@link #DIRT} before they are handed out, so that
 * what is zero was made zero, and a free with another address or size is refused. Shared, may
 * block.
 */
class DirtyMemory implements Allocator {

  static final byte DIRT = (byte) 0xA5;

  private static final String NAME = "dirty";

  private final AllocatorStack c = AllocatorStack.open("jna");
  private final Map<Long, Long> live = new ConcurrentHashMap<>();

  /** {@return the live blocks by address, with the sizes that they were asked for} */
  Map<Long, Long> live() {
    return Map.copyOf(live);
  }

  @SuppressWarnings("restricted")
  private static void soil(long address, long size) {
    MemorySegment.ofAddress(address).reinterpret(size).fill(DIRT);
  }

  @Override
  public long malloc(long size) {
    long address = c.allocator().malloc(size);
    soil(address, size);
    live.put(address, size);
    return address;
  }

  @Override
  public long tryMalloc(long size) {
    return malloc(size);
  }

  @Override
  public void free(long address) {
    throw new AssertionError("a free without a size: address=" + address);
  }

  @Override
  public void free(long address, long size) {
    if (!live.remove(address, size)) {
      throw new InvalidFreeException(Reason.FOREIGN, NAME, address);
    }
    soil(address, size);
    c.allocator().free(address, size);
  }

  @Override
  public long maxSize() {
    return Long.MAX_VALUE;
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
  public AllocatorStats stats() {
    return AllocatorStats.UNTRACKED;
  }

  @Override
  public void close() {
    if (!live.isEmpty()) {
      throw AllocatorErrors.closed(NAME + " has live blocks: " + live);
    }
    c.close();
  }
}
