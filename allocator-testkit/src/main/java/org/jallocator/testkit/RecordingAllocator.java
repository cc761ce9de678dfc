package org.jallocator.testkit;

import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorErrors;

/**
 * The leaf to put below an allocator under test: it hands out invented addresses, touches no native
 * memory, keeps a ledger of every malloc and free, and fails as planned.
 *
 * <p>Addresses are handed out upwards from {@link Builder#baseAddress}, each behind the one before,
 * compared as unsigned, and never up to the last byte of the address space (as in C, the address
 * one past a block's end is never 0). A freed address comes back only if {@link
 * Builder#reusesAddresses} says so. What lies beyond the end of the address space, or would make
 * more than {@code Long.MAX_VALUE} bytes live, is no memory, and counts as a failure.
 *
 * <p>A wrong free is the bug of the layer above, so it throws an {@link AssertionError} at once, is
 * remembered in {@code wrongFrees} and fails {@link #assertEverythingReturned} too, so that no
 * layer can hide it. Below an allocator that passes on foreign addresses, such as the fallback
 * allocator, {@link Builder#refusesWrongFrees} makes it answer as the contract says instead.
 *
 * <p>Live blocks never overlap. Every operation takes time in the logarithm of the live blocks, and
 * in proportion to the free ones if addresses are reused. Not for measuring anything.
 *
 * <p>Shared, may block; or, if it is built so, confined to its owner thread.
 */
public final class RecordingAllocator extends FailurePlans implements OwningAllocator {

  /** What an inner malloc that fails as planned does. */
  public enum Failure {
    /** {@code tryMalloc} returns NULL; {@code malloc}, which cannot, throws OutOfMemoryError. */
    RETURNS_NULL,
    /** Both throw OutOfMemoryError. */
    THROWS_OUT_OF_MEMORY_ERROR,
    /** Both throw {@link PlannedException}. */
    THROWS_RUNTIME_EXCEPTION,
    /** Both throw StackOverflowError. */
    THROWS_STACK_OVERFLOW_ERROR;

    /** {@return whether it says that there is no memory, which a layer answers in its own words} */
    public boolean isNoMemory() {
      return this == RETURNS_NULL || this == THROWS_OUT_OF_MEMORY_ERROR;
    }
  }

  /** What an inner free that fails as planned throws, and whether it took the block before. */
  public enum FreeFailure {
    /** Throws OutOfMemoryError and did not take the block. */
    THROWS_OUT_OF_MEMORY_ERROR(false),
    /** Throws OutOfMemoryError after it took the block. */
    THROWS_OUT_OF_MEMORY_ERROR_AFTER_TAKING(true),
    /** Throws StackOverflowError and did not take the block. */
    THROWS_STACK_OVERFLOW_ERROR(false),
    /** Throws StackOverflowError after it took the block. */
    THROWS_STACK_OVERFLOW_ERROR_AFTER_TAKING(true),
    /** Throws {@link PlannedException} and did not take the block. */
    THROWS_RUNTIME_EXCEPTION(false),
    /** Throws {@link PlannedException} after it took the block. */
    THROWS_RUNTIME_EXCEPTION_AFTER_TAKING(true),
    /**
     * Throws IllegalStateException, by which the contract says that the block is what it was: it
     * stays live, and must be freed again.
     */
    REFUSES(false);

    private final boolean takes;

    FreeFailure(boolean takes) {
      this.takes = takes;
    }
  }

  /** What is thrown for {@code THROWS_RUNTIME_EXCEPTION}: no layer has a reason to catch it. */
  public static final class PlannedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PlannedException(String message) {
      super(message);
    }
  }

  private static final String NAME = "recording";

  private final AddressSpace space;
  private final long alignment;
  private final long maxSize;
  private final boolean shared;
  private final boolean refusesWrongFrees;
  private Thread owner = Thread.currentThread();

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
    if (nextMallocFails()) {
      recordFailure(true);
      throwMallocFailure(NAME, size);
      return NULL;
    }
    long address = liveBytes() + size < 0 ? NULL : space.place(size);
    if (address == NULL) {
      recordFailure(false);
      return NULL;
    }
    recordMalloc(address, size);
    return address;
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
      takeBack(address, size);
    }
  }

  private void takeBack(long address, long size) {
    FreeFailure failure = nextFreeFailure();
    if (failure == null || failure.takes) {
      recordFree(address, size);
      space.giveBack(address, size);
    }
    if (failure != null) {
      recordFreeFailure(address, failure.takes || failure == FreeFailure.REFUSES);
      throwFreeFailure(NAME, failure, address);
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

  /** The thread that is next to use a confined allocator whose owner has ended is the new owner. */
  private void requireOwner() {
    if (!shared && Thread.currentThread() != owner) {
      if (owner.isAlive()) {
        throw AllocatorErrors.wrongThread(NAME, owner);
      }
      owner = Thread.currentThread();
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
    return new AllocatorStats(
        liveCount(), liveBytes(), liveBytes(), peakBytes(), mallocs(), frees());
  }

  @Override
  public synchronized long[] liveAddresses(int limit) {
    requireOwner();
    return liveBlocks().keySet().stream().mapToLong(Long::longValue).limit(limit).toArray();
  }

  @Override
  public synchronized void close() {
    requireOwner();
    if (liveCount() != 0) {
      throw leak();
    }
    recordClose();
  }

  @Override
  public synchronized void closeAndRelease() {
    requireOwner();
    LeakException leak = liveCount() == 0 ? null : leak();
    liveBlocks().forEach(this::recordFree);
    recordClose();
    if (leak != null) {
      throw leak;
    }
  }

  private LeakException leak() {
    return new LeakException(NAME, stats(), liveAddresses(LeakException.MAX_ADDRESSES));
  }

  /** {@return the name} */
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
     * @param refusesWrongFrees true below an allocator that passes on frees of foreign addresses
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
