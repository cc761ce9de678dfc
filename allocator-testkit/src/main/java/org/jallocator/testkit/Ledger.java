package org.jallocator.testkit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jspecify.annotations.Nullable;

/**
 * The books of a {@link RecordingAllocator}: what was asked of it, what it gave, what it got back.
 *
 * <p>A block is abandoned if its free failed as planned before it took the block: it is not live,
 * and using or freeing it again is wrong.
 *
 * <pre>
 *   mallocs == frees + live + abandoned
 *   attempts == mallocs + failures
 *   liveBytes == sum of the sizes of live &lt;= peakBytes
 * </pre>
 */
abstract class Ledger {

  private final TreeMap<Long, Long> live = new TreeMap<>(Long::compareUnsigned);
  private final List<Long> sizes = new ArrayList<>();
  private final List<String> wrongFrees = new ArrayList<>();
  private long liveBytes;
  private long peakBytes;
  private long frees;
  private long failures;
  private long plannedFailures;
  private long freeFailures;
  private long abandoned;
  private boolean closed;

  Ledger() {}

  final void recordMalloc(long address, long size) {
    live.put(address, size);
    sizes.add(size);
    liveBytes += size;
    peakBytes = Math.max(peakBytes, liveBytes);
  }

  final void recordFailure(boolean planned) {
    failures++;
    plannedFailures += planned ? 1 : 0;
  }

  final void recordFree(long address, long size) {
    live.remove(address);
    liveBytes -= size;
    frees++;
  }

  /** Records a free that failed as planned; its block is abandoned unless it is gone or kept. */
  final void recordFreeFailure(long address, boolean goneOrKept) {
    freeFailures++;
    if (!goneOrKept) {
      liveBytes -= Objects.requireNonNull(live.remove(address));
      abandoned++;
    }
  }

  final AssertionError recordWrongFree(InvalidFreeException refusal, boolean freedBefore) {
    String message = refusal.getMessage() + (freedBefore ? " (freed before)" : "");
    wrongFrees.add(message);
    return new AssertionError("wrong free of inner memory: " + message, refusal);
  }

  final void recordClose() {
    closed = true;
  }

  final int liveCount() {
    return live.size();
  }

  /** {@return the size of the live block that starts at an address, or null} */
  final @Nullable Long sizeOf(long address) {
    return live.get(address);
  }

  /** {@return how many mallocs succeeded} */
  public synchronized long mallocs() {
    return sizes.size();
  }

  /** {@return how many blocks were taken back, also by frees that threw after that} */
  public synchronized long frees() {
    return frees;
  }

  /** {@return how many frees failed as planned} */
  public synchronized long freeFailures() {
    return freeFailures;
  }

  /** {@return how many blocks were not taken back by frees that failed, and are live no more} */
  public synchronized long abandoned() {
    return abandoned;
  }

  /** {@return how many mallocs of a size that can be served were asked for} */
  public synchronized long attempts() {
    return sizes.size() + failures;
  }

  /** {@return how many of the attempts failed, as planned or for lack of room} */
  public synchronized long failures() {
    return failures;
  }

  /** {@return how many of the failures were planned} */
  public synchronized long plannedFailures() {
    return plannedFailures;
  }

  /** {@return the live blocks: the size of each by its address, in order of unsigned address} */
  public synchronized Map<Long, Long> liveBlocks() {
    return Collections.unmodifiableMap(new TreeMap<>(live));
  }

  /** {@return the bytes of the live blocks} */
  public synchronized long liveBytes() {
    return liveBytes;
  }

  /** {@return the most that the bytes of the live blocks have been} */
  public synchronized long peakBytes() {
    return peakBytes;
  }

  /** {@return the sizes of all mallocs that succeeded, in bytes, in their order} */
  public synchronized List<Long> sizes() {
    return List.copyOf(sizes);
  }

  /** {@return the wrong frees so far, one message each} */
  public synchronized List<String> wrongFrees() {
    return List.copyOf(wrongFrees);
  }

  /** {@return whether the allocator is closed} */
  public synchronized boolean isClosed() {
    return closed;
  }

  /**
   * {@return whether a range lies wholly in one live block}
   *
   * @param address where the range starts
   * @param length its length in bytes, at least 1
   */
  public synchronized boolean holds(long address, long length) {
    Map.Entry<Long, Long> block = live.floorEntry(address);
    if (block == null) {
      return false;
    }
    long offset = address - block.getKey();
    return Long.compareUnsigned(offset, block.getValue()) < 0
        && length <= block.getValue() - offset;
  }

  /**
   * Checks that no block is live, abandoned ones aside, that no free was wrong, and that the
   * allocator was not closed, which a layer must never do to its inner.
   *
   * @throws AssertionError if one of them does not hold
   */
  public synchronized void assertEverythingReturned() {
    if (!wrongFrees.isEmpty()) {
      throw new AssertionError("wrong frees of inner memory: " + wrongFrees);
    }
    if (!live.isEmpty()) {
      throw new AssertionError(
          "inner memory was not returned: blocks="
              + live.size()
              + ", bytes="
              + liveBytes
              + ", first="
              + live.entrySet().stream()
                  .limit(LeakException.MAX_ADDRESSES)
                  .map(block -> "0x" + Long.toHexString(block.getKey()) + "+" + block.getValue())
                  .collect(Collectors.joining(", ", "[", "]")));
    }
    if (closed) {
      throw new AssertionError("the inner was closed by the layer above");
    }
  }
}
