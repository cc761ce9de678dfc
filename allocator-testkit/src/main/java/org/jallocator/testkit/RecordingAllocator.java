package org.jallocator.testkit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;
import org.jspecify.annotations.Nullable;

/**
 * The leaf to put below an allocator under test: it hands out invented addresses, touches no native
 * memory, keeps a ledger of every malloc and free, and fails where it is told to.
 *
 * <p>Addresses are handed out upwards from {@link Builder#baseAddress}, each behind the one before,
 * compared as unsigned, and never up to the last byte of the address space (as in C, the address
 * one past a block's end is never 0). A freed address comes back only where {@link
 * Builder#reusesAddresses} says so. What lies beyond the end of the address space, or would make
 * more than {@code Long.MAX_VALUE} bytes live, is no memory, and counts as a failure.
 *
 * <p>A wrong free is the bug of the layer above, so it throws an {@link AssertionError} at once, is
 * remembered in {@link #wrongFrees} and fails {@link #assertEverythingReturned} too, so that no
 * layer can hide it. Below an allocator that passes on what it does not know, such as the fallback
 * allocator, {@link Builder#refusesWrongFrees} makes it answer as the contract says instead.
 *
 * <p>Invariants: {@code mallocs - frees = liveBlocks}; {@code liveBytes = sum of the live sizes <=
 * peakBytes}; live blocks never overlap. Every operation takes time in the logarithm of the live
 * blocks, and in the number of free ones where addresses are reused. Not for measuring anything.
 *
 * <p>Confined to its owner thread, unless it is built shared. Shared, may block.
 */
public final class RecordingAllocator implements OwningAllocator {

  /** What an inner malloc that was told to fail does. */
  public enum Failure {
    /** {@code tryMalloc} returns NULL; {@code malloc}, which cannot, throws OutOfMemoryError. */
    RETURNS_NULL,
    /** Both throw OutOfMemoryError. */
    THROWS_OUT_OF_MEMORY_ERROR,
    /** Both throw {@link PlannedException}. */
    THROWS_RUNTIME_EXCEPTION
  }

  /** What {@link Failure#THROWS_RUNTIME_EXCEPTION} throws, known to nobody but the test. */
  public static final class PlannedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private PlannedException(String message) {
      super(message);
    }
  }

  private static final String NAME = "recording";
  private static final long NEVER = 0;

  private final long alignment;
  private final boolean exactlyAligned;
  private final long gap;
  private final boolean reusesAddresses;
  private final long maxSize;
  private final boolean shared;
  private final boolean refusesWrongFrees;
  private final Thread owner = Thread.currentThread();

  private final TreeMap<Long, Long> live = new TreeMap<>(Long::compareUnsigned);
  private final List<Map.Entry<Long, Long>> freed = new ArrayList<>();
  private final List<Long> sizes = new ArrayList<>();
  private final List<String> wrongFrees = new ArrayList<>();
  private long nextAddress;
  private long liveBytes;
  private long peakBytes;
  private long frees;
  private long attempts;
  private long failures;
  private long plannedFailures;
  private boolean closed;

  private Failure failure = Failure.RETURNS_NULL;
  private long firstFailingAttempt = NEVER;
  private long lastFailingAttempt = NEVER;
  private @Nullable PlannedException lastPlanned;

  private RecordingAllocator(Builder builder) {
    this.alignment = builder.alignment;
    this.exactlyAligned = builder.exactlyAligned;
    this.gap = builder.gap;
    this.reusesAddresses = builder.reusesAddresses;
    this.maxSize = builder.maxSize;
    this.shared = builder.shared;
    this.refusesWrongFrees = builder.refusesWrongFrees;
    this.nextAddress = builder.baseAddress;
  }

  /** {@return a new allocator with the builder's defaults} */
  public static RecordingAllocator create() {
    return builder().build();
  }

  /** {@return a builder whose defaults make a layer's arithmetic work hard; see its methods} */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public synchronized long malloc(long size) {
    requireUsable();
    if (size > maxSize) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", maxSize);
    }
    long address = tryMalloc(size);
    if (address == NULL) {
      throw AllocatorErrors.outOfMemory(NAME, size, liveBytes, null);
    }
    return address;
  }

  @Override
  public synchronized long tryMalloc(long size) {
    requireUsable();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
    if (size > maxSize) {
      return NULL;
    }
    attempts++;
    if (attempts >= firstFailingAttempt && attempts <= lastFailingAttempt) {
      failures++;
      plannedFailures++;
      return fail(size);
    }
    long address = place(size);
    if (address == NULL) {
      failures++;
      return NULL;
    }
    live.put(address, size);
    sizes.add(size);
    liveBytes += size;
    peakBytes = Math.max(peakBytes, liveBytes);
    return address;
  }

  private long fail(long size) {
    return switch (failure) {
      case RETURNS_NULL -> NULL;
      case THROWS_OUT_OF_MEMORY_ERROR ->
          throw AllocatorErrors.outOfMemory(NAME, size, liveBytes, null);
      case THROWS_RUNTIME_EXCEPTION -> {
        PlannedException planned =
            new PlannedException(NAME + ": planned failure: attempt=" + attempts);
        lastPlanned = planned;
        throw planned;
      }
    };
  }

  private long place(long size) {
    if (liveBytes + size < 0) {
      return NULL;
    }
    for (int i = freed.size() - 1; reusesAddresses && i >= 0; i--) {
      if (freed.get(i).getValue() == size) {
        return freed.remove(i).getKey();
      }
    }
    long address = (nextAddress + alignment - 1) & -alignment;
    if (exactlyAligned && (address & alignment) == 0) {
      address += alignment;
    }
    long end = address + size;
    if (Long.compareUnsigned(address, nextAddress) < 0 || Long.compareUnsigned(end, address) < 0) {
      return NULL;
    }
    nextAddress = Long.compareUnsigned(end + gap, end) < 0 ? -1 : end + gap;
    return address;
  }

  @Override
  public synchronized void free(long address) {
    requireUsable();
    if (address != NULL) {
      Long size = live.get(address);
      if (size == null) {
        throw wrongFree(new InvalidFreeException(reason(address), NAME, address));
      }
      giveBack(address, size);
    }
  }

  @Override
  public synchronized void free(long address, long size) {
    requireUsable();
    Long asked = live.get(address);
    if (asked != null && asked != size) {
      throw wrongFree(new InvalidFreeException(NAME, address, size, asked));
    }
    if (address != NULL && (size < 1 || size > maxSize)) {
      throw wrongFree(new InvalidFreeException(NAME, address, size, maxSize));
    }
    free(address);
  }

  @Override
  public synchronized boolean tryFree(long address) {
    if (!owns(address)) {
      return false;
    }
    free(address);
    return true;
  }

  @Override
  public synchronized boolean owns(long address) {
    requireUsable();
    return holds(address, 1);
  }

  private void giveBack(long address, long size) {
    live.remove(address);
    freed.add(Map.entry(address, size));
    liveBytes -= size;
    frees++;
  }

  private Reason reason(long address) {
    if (holds(address, 1)) {
      return Reason.NOT_A_BLOCK;
    }
    return Reason.FOREIGN;
  }

  private RuntimeException wrongFree(InvalidFreeException refusal) {
    if (refusesWrongFrees) {
      return refusal;
    }
    boolean twice = freed.stream().anyMatch(block -> block.getKey() == refusal.address());
    String message = refusal.getMessage() + (twice ? " (freed before)" : "");
    wrongFrees.add(message);
    throw new AssertionError("wrong free of inner memory: " + message, refusal);
  }

  private void requireUsable() {
    if (!shared && Thread.currentThread() != owner) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
    if (closed) {
      throw AllocatorErrors.closed(NAME);
    }
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
    return shared;
  }

  @Override
  public synchronized AllocatorStats stats() {
    if (!shared && Thread.currentThread() != owner) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
    return new AllocatorStats(live.size(), liveBytes, liveBytes, peakBytes, sizes.size(), frees);
  }

  @Override
  public synchronized void close() {
    if (!shared && Thread.currentThread() != owner) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
    if (!live.isEmpty()) {
      throw new LeakException(
          NAME,
          live.size(),
          liveBytes,
          live.keySet().stream()
              .limit(LeakException.MAX_ADDRESSES)
              .mapToLong(Long::longValue)
              .toArray());
    }
    closed = true;
  }

  /**
   * Makes one malloc fail, and all others succeed.
   *
   * @param nth which one, counted from now: 1 is the next
   * @param how what it does
   */
  public synchronized void failOnce(long nth, Failure how) {
    failBetween(attempts + nth, attempts + nth, how);
  }

  /**
   * Makes a malloc and all that follow fail, until {@link #stopFailing}.
   *
   * @param nth the first that fails, counted from now: 1 is the next
   * @param how what they do
   */
  public synchronized void failFrom(long nth, Failure how) {
    failBetween(attempts + nth, Long.MAX_VALUE, how);
  }

  /** Makes every malloc succeed from now on. */
  public synchronized void stopFailing() {
    failBetween(NEVER, NEVER, Failure.RETURNS_NULL);
  }

  private void failBetween(long first, long last, Failure how) {
    firstFailingAttempt = first;
    lastFailingAttempt = last;
    failure = how;
  }

  /** {@return how many mallocs succeeded} */
  public synchronized long mallocs() {
    return sizes.size();
  }

  /** {@return how many frees succeeded} */
  public synchronized long frees() {
    return frees;
  }

  /** {@return how many mallocs of a size that can be served were asked for} */
  public synchronized long attempts() {
    return attempts;
  }

  /** {@return how many of the attempts failed, because they were told to or had no room} */
  public synchronized long failures() {
    return failures;
  }

  /** {@return how many of the failures happened because they were told to} */
  public synchronized long plannedFailures() {
    return plannedFailures;
  }

  /** {@return the exception that was thrown last as planned, or null iff there was none} */
  public synchronized @Nullable PlannedException lastPlanned() {
    return lastPlanned;
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

  /** {@return whether it is closed} */
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
   * Checks that no block is live, that no free was wrong, and that nobody closed this allocator,
   * which a layer must never do to its inner.
   *
   * @throws AssertionError if one of them does not hold
   */
  public synchronized void assertEverythingReturned() {
    if (!wrongFrees.isEmpty()) {
      throw new AssertionError("wrong frees of inner memory: " + wrongFrees);
    }
    if (!live.isEmpty()) {
      StringBuilder blocks = new StringBuilder();
      live.entrySet().stream()
          .limit(LeakException.MAX_ADDRESSES)
          .forEach(
              block ->
                  blocks
                      .append(" 0x")
                      .append(Long.toHexString(block.getKey()))
                      .append('+')
                      .append(block.getValue()));
      throw new AssertionError(
          "inner memory was not returned: blocks="
              + live.size()
              + ", bytes="
              + liveBytes
              + ", first="
              + blocks);
    }
    if (closed) {
      throw new AssertionError("the inner was closed by the layer above");
    }
  }

  @Override
  public String toString() {
    return NAME;
  }

  /** Says how a {@link RecordingAllocator} invents its addresses. Confined to its owner thread. */
  public static final class Builder {
    private long baseAddress = Long.MIN_VALUE - 48;
    private long alignment = 16;
    private boolean exactlyAligned = true;
    private long gap;
    private boolean reusesAddresses;
    private long maxSize = Long.MAX_VALUE;
    private boolean shared = true;
    private boolean refusesWrongFrees;

    private Builder() {}

    /**
     * Sets the address from which on blocks are placed. The default lies just below 2<sup>63</sup>,
     * so that the first block of more than a few bytes reaches across it.
     *
     * @param baseAddress any address but NULL, unsigned
     * @return this builder
     */
    public Builder baseAddress(long baseAddress) {
      if (baseAddress == NULL) {
        throw new IllegalArgumentException("baseAddress is NULL: baseAddress=0");
      }
      this.baseAddress = baseAddress;
      return this;
    }

    /**
     * Sets the alignment that it claims and honours. The default is 16.
     *
     * @param alignment in bytes, a power of two
     * @return this builder
     */
    public Builder alignment(long alignment) {
      if (Long.bitCount(alignment) != 1) {
        throw new IllegalArgumentException(
            "alignment is not a power of two: alignment=" + alignment);
      }
      this.alignment = alignment;
      return this;
    }

    /**
     * Sets whether no address is aligned better than promised, so that a layer that needs more must
     * align by hand. The default is true.
     *
     * @param exactlyAligned false to place blocks as densely as the alignment allows
     * @return this builder
     */
    public Builder exactlyAligned(boolean exactlyAligned) {
      this.exactlyAligned = exactlyAligned;
      return this;
    }

    /**
     * Sets the room left between blocks. The default is none: blocks are adjacent, but for what
     * their alignment needs.
     *
     * @param gap in bytes, at least 0
     * @return this builder
     */
    public Builder gap(long gap) {
      if (gap < 0) {
        throw new IllegalArgumentException("gap is negative: gap=" + gap);
      }
      this.gap = gap;
      return this;
    }

    /**
     * Sets whether the address freed last is handed out first to a malloc of the same size. The
     * default is that no address is ever handed out twice.
     *
     * @param reusesAddresses true for the behaviour of most C libraries
     * @return this builder
     */
    public Builder reusesAddresses(boolean reusesAddresses) {
      this.reusesAddresses = reusesAddresses;
      return this;
    }

    /**
     * Sets the largest size that it serves. The default is {@code Long.MAX_VALUE}.
     *
     * @param maxSize in bytes, at least 1
     * @return this builder
     */
    public Builder maxSize(long maxSize) {
      if (maxSize < 1) {
        throw new IllegalArgumentException("maxSize is less than one byte: maxSize=" + maxSize);
      }
      this.maxSize = maxSize;
      return this;
    }

    /**
     * Sets whether any thread may use it. The default is true.
     *
     * @param shared false to confine it to the thread that builds it
     * @return this builder
     */
    public Builder shared(boolean shared) {
      this.shared = shared;
      return this;
    }

    /**
     * Sets whether a wrong free is answered as the contract says, with {@link
     * InvalidFreeException}, and forgotten. The default is to fail the test.
     *
     * @param refusesWrongFrees true below an allocator that passes on frees it does not know
     * @return this builder
     */
    public Builder refusesWrongFrees(boolean refusesWrongFrees) {
      this.refusesWrongFrees = refusesWrongFrees;
      return this;
    }

    /** {@return a new allocator, owned by the calling thread} */
    public RecordingAllocator build() {
      return new RecordingAllocator(this);
    }
  }
}
