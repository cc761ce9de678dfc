package org.jallocator.testkit;

import java.util.Arrays;
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
 * remembered in {@code wrongFrees} and fails {@link #assertEverythingReturned} too, so that no
 * layer can hide it. Below an allocator that passes on what it does not know, such as the fallback
 * allocator, {@link Builder#refusesWrongFrees} makes it answer as the contract says instead.
 *
 * <p>Live blocks never overlap. Every operation takes time in the logarithm of the live blocks, and
 * in proportion to the free ones where addresses are reused. Not for measuring anything.
 *
 * <p>Shared, may block; or, where it is built so, confined to its owner thread.
 */
public final class RecordingAllocator extends Ledger implements OwningAllocator {

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

  private final AddressSpace space;
  private final long alignment;
  private final long maxSize;
  private final boolean shared;
  private final boolean refusesWrongFrees;
  private final Thread owner = Thread.currentThread();

  private Failure failure = Failure.RETURNS_NULL;
  private long firstFailingAttempt = NEVER;
  private long lastFailingAttempt = NEVER;
  private @Nullable PlannedException lastPlanned;

  private RecordingAllocator(Builder builder) {
    this.space =
        new AddressSpace(
            builder.baseAddress,
            builder.alignment,
            builder.exactlyAligned,
            builder.gap,
            builder.reusesAddresses);
    this.alignment = builder.alignment;
    this.maxSize = builder.maxSize;
    this.shared = builder.shared;
    this.refusesWrongFrees = builder.refusesWrongFrees;
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
      throw AllocatorErrors.outOfMemory(NAME, size, liveBytes(), null);
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
    long attempt = attempts() + 1;
    if (attempt >= firstFailingAttempt && attempt <= lastFailingAttempt) {
      recordFailure(true);
      return fail(size);
    }
    long address = liveBytes() + size < 0 ? NULL : space.place(size);
    if (address == NULL) {
      recordFailure(false);
      return NULL;
    }
    recordMalloc(address, size);
    return address;
  }

  private long fail(long size) {
    return switch (failure) {
      case RETURNS_NULL -> NULL;
      case THROWS_OUT_OF_MEMORY_ERROR ->
          throw AllocatorErrors.outOfMemory(NAME, size, liveBytes(), null);
      case THROWS_RUNTIME_EXCEPTION -> {
        PlannedException planned =
            new PlannedException(NAME + ": planned failure: attempt=" + attempts());
        lastPlanned = planned;
        throw planned;
      }
    };
  }

  @Override
  public synchronized void free(long address) {
    requireUsable();
    if (address != NULL) {
      Long size = sizeOf(address);
      if (size == null) {
        Reason reason = holds(address, 1) ? Reason.NOT_A_BLOCK : Reason.FOREIGN;
        throw wrongFree(new InvalidFreeException(reason, NAME, address));
      }
      recordFree(address, size);
      space.giveBack(address, size);
    }
  }

  @Override
  public synchronized void free(long address, long size) {
    requireUsable();
    Long asked = sizeOf(address);
    if (asked != null && asked != size) {
      throw wrongFree(new InvalidFreeException(NAME, address, size, asked));
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

  private RuntimeException wrongFree(InvalidFreeException refusal) {
    if (refusesWrongFrees) {
      return refusal;
    }
    throw recordWrongFree(refusal, space.isFreed(refusal.address()));
  }

  private void requireUsable() {
    requireOwner();
    if (isClosed()) {
      throw AllocatorErrors.closed(NAME);
    }
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
    return alignment;
  }

  @Override
  public boolean isShared() {
    return shared;
  }

  @Override
  public synchronized AllocatorStats stats() {
    requireOwner();
    long liveBlocks = mallocs() - frees();
    return new AllocatorStats(
        liveBlocks, liveBytes(), liveBytes(), peakBytes(), mallocs(), frees());
  }

  @Override
  public synchronized void close() {
    requireOwner();
    if (liveBytes() != 0) {
      long[] addresses = liveBlocks().keySet().stream().mapToLong(Long::longValue).toArray();
      throw new LeakException(
          NAME,
          addresses.length,
          liveBytes(),
          Arrays.copyOf(addresses, Math.min(addresses.length, LeakException.MAX_ADDRESSES)));
    }
    recordClose();
  }

  /**
   * Makes one malloc fail, and all others succeed.
   *
   * @param nth which one, counted from now: 1 is the next
   * @param how what it does
   */
  public synchronized void failOnce(long nth, Failure how) {
    failBetween(attempts() + nth, attempts() + nth, how);
  }

  /**
   * Makes a malloc and all that follow fail, until {@link #stopFailing}.
   *
   * @param nth the first that fails, counted from now: 1 is the next
   * @param how what they do
   */
  public synchronized void failFrom(long nth, Failure how) {
    failBetween(attempts() + nth, Long.MAX_VALUE, how);
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

  /** {@return the exception that was thrown last as planned, or null iff there was none} */
  @SuppressWarnings("exports") // the annotation need not be there
  public synchronized @Nullable PlannedException lastPlanned() {
    return lastPlanned;
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
