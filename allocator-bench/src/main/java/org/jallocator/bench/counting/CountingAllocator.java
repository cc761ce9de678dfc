package org.jallocator.bench.counting;

import java.util.HashMap;
import java.util.Map;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/**
 * A leaf that counts what reaches it, and passes every call on. It keeps a map of every block, and
 * so has no place in anything that is timed.
 *
 * <p>All leaves of a stack write into one {@link Ledger}, because the peak of their sum is wanted,
 * not the sum of their peaks. Shared, may block.
 */
public final class CountingAllocator implements Allocator {

  private final Allocator leaf;
  private final Ledger ledger;

  public CountingAllocator(Allocator leaf, Ledger ledger) {
    this.leaf = leaf;
    this.ledger = ledger;
  }

  public Ledger ledger() {
    return ledger;
  }

  @Override
  public long malloc(long size) {
    long address = leaf.malloc(size);
    ledger.taken(address, size);
    return address;
  }

  @Override
  public long tryMalloc(long size) {
    long address = leaf.tryMalloc(size);
    if (address != NULL) {
      ledger.taken(address, size);
    }
    return address;
  }

  @Override
  public void free(long address) {
    ledger.given(address);
    leaf.free(address);
  }

  @Override
  public void free(long address, long size) {
    ledger.given(address);
    leaf.free(address, size);
  }

  @Override
  public long maxSize() {
    return leaf.maxSize();
  }

  @Override
  public long alignment() {
    return leaf.alignment();
  }

  @Override
  public boolean isShared() {
    return leaf.isShared();
  }

  @Override
  public AllocatorStats stats() {
    return leaf.stats();
  }

  @Override
  public void close() {
    leaf.close();
  }

  /** What was asked of the leaves of one stack. */
  public static final class Ledger {

    private final Map<Long, Long> sizeOfLiveBlock = new HashMap<>();
    private long mallocs;
    private long liveBytes;
    private long peakLiveBytes;

    private synchronized void taken(long address, long size) {
      sizeOfLiveBlock.put(address, size);
      mallocs++;
      liveBytes += size;
      peakLiveBytes = Math.max(peakLiveBytes, liveBytes);
    }

    private synchronized void given(long address) {
      Long size = sizeOfLiveBlock.remove(address);
      liveBytes -= size == null ? 0 : size;
    }

    /** {@return the mallocs that reached a leaf} */
    public synchronized long mallocs() {
      return mallocs;
    }

    /** {@return the bytes that the leaves were asked for and did not get back yet} */
    public synchronized long liveBytes() {
      return liveBytes;
    }

    /** {@return the most that {@link #liveBytes} has been} */
    public synchronized long peakLiveBytes() {
      return peakLiveBytes;
    }
  }
}
