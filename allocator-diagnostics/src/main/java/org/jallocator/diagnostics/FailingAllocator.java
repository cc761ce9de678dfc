package org.jallocator.diagnostics;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.OwningAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Fails some mallocs on purpose, for tests of the paths that a program takes if there is no memory.
 *
 * <pre>{@code
 * failing(nth=3, jna)                        the third malloc fails
 * failing(nth=10, every=10, jna)             the 10th, the 20th, the 30th ...
 * failing(rate=1000, seed=7, jna)            1000 of a million, the same ones in each run
 * failing(nth=1, every=1, throws=runtime, jna)
 * }</pre>
 *
 * <p>Mallocs of a size that can be served are counted from 1, {@code malloc} and {@code tryMalloc}
 * together. A malloc that is to fail does not reach the inner. A free of what this layer did not
 * hand out goes to the inner. Over an {@link OwningAllocator} the layer is owning, and over an
 * {@link Arena} an arena.
 *
 * <p>Price: a small object and two short locks a block.
 *
 * <p>Confined to its owner thread, or shared and may block, as its inner is.
 */
@SuppressWarnings("exports") // clients do not see what the books say
public sealed class FailingAllocator extends BookedAllocator<Block> permits OwningFailingAllocator {

  static final String NAME = "failing";

  /** A rate is so many failures of this many mallocs. */
  static final long MILLION = 1_000_000;

  /** What a malloc does that is to fail. */
  public enum Failure {
    /** {@code malloc} throws {@link OutOfMemoryError}, {@code tryMalloc} returns NULL. */
    OOM,
    /** Both throw {@link OutOfMemoryError}. */
    ERROR,
    /** Both throw {@link PlannedException}. */
    RUNTIME,
    /** Both throw {@link StackOverflowError}. */
    STACK;

    /** {@return the word for it in expressions} */
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What {@link Failure#RUNTIME} throws. */
  public static final class PlannedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PlannedException(String message) {
      super(message);
    }
  }

  private final long nth;
  private final long every;
  private final long rate;
  private final long seed;
  private final Failure failure;
  private final AtomicLong mallocs = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();

  FailingAllocator(Allocator inner, Builder builder) {
    super(NAME, inner);
    this.nth = builder.nth;
    this.every = builder.every;
    this.rate = builder.rate;
    this.seed = builder.seed;
    this.failure = builder.failure;
  }

  /**
   * {@return a builder of a layer that fails nothing}
   *
   * @param inner what blocks are taken from; stays open when this allocator closes
   */
  public static Builder builder(Allocator inner) {
    return new Builder(inner);
  }

  /** {@return how many mallocs were asked for} Shared, never blocks. */
  public final long mallocs() {
    return mallocs.get();
  }

  /** {@return how many of them failed on purpose} Shared, never blocks. */
  public final long failures() {
    return failures.get();
  }

  /** {@return whether malloc number {@code n} is to fail} */
  private boolean isPlanned(long n) {
    if (n == nth || (every > 0 && n > nth && (n - nth) % every == 0)) {
      return true;
    }
    return rate > 0 && Math.floorMod(mix(seed + n), MILLION) < rate;
  }

  /** Scatters the bits of a number: the finalizer of Steele, Lea and Flood's SplitMix64. */
  private static long mix(long n) {
    long z = n * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  @Override
  final Block prepare(long size) {
    return new Block(size, size);
  }

  @Override
  final @Nullable OutOfMemoryError refusal(long size) {
    long n = mallocs.incrementAndGet();
    if (!isPlanned(n)) {
      return null;
    }
    failures.incrementAndGet();
    String message =
        NAME
            + ": planned failure: size="
            + size
            + ", malloc="
            + n
            + ", reserved="
            + books.reservedBytes;
    switch (failure) {
      case OOM -> {
        return new OutOfMemoryError(message);
      }
      case ERROR -> throw new OutOfMemoryError(message);
      case RUNTIME -> throw new PlannedException(message);
      case STACK -> throw new StackOverflowError(message);
    }
    throw new AssertionError(failure);
  }

  /** {@return the name, the options and the inner} */
  @Override
  public final String toString() {
    return NAME
        + "(nth="
        + nth
        + ", every="
        + every
        + ", rate="
        + rate
        + ", seed="
        + seed
        + ", throws="
        + failure.word()
        + ", "
        + inner
        + ")";
  }

  /** Makes a {@link FailingAllocator}, or several. Not for use by several threads at once. */
  public static final class Builder {

    private final Allocator inner;
    private long nth;
    private long every;
    private long rate;
    private long seed;
    private Failure failure = Failure.OOM;

    private Builder(Allocator inner) {
      this.inner = inner;
    }

    /**
     * Sets the first malloc that fails.
     *
     * @param nth counted from 1; 0: none
     * @return this builder
     */
    public Builder nth(long nth) {
      this.nth = requireAtLeastZero("nth", nth);
      return this;
    }

    /**
     * Sets the distance from {@code nth} to the next malloc that fails, and from that to the next.
     *
     * @param every a number of mallocs; 0: {@code nth} alone fails
     * @return this builder
     */
    public Builder every(long every) {
      this.every = requireAtLeastZero("every", every);
      return this;
    }

    /**
     * Sets how many mallocs fail at random.
     *
     * @param rate so many of a million
     * @return this builder
     */
    public Builder rate(long rate) {
      if (rate > MILLION) {
        throw new IllegalArgumentException(
            "rate is more than a million: rate=" + rate + ", limit=" + MILLION);
      }
      this.rate = requireAtLeastZero("rate", rate);
      return this;
    }

    /**
     * Sets which mallocs {@code rate} hits.
     *
     * @param seed any number: with the same one, the same mallocs
     * @return this builder
     */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /**
     * Sets what a malloc does that is to fail.
     *
     * @param failure not null
     * @return this builder
     */
    public Builder failure(Failure failure) {
      this.failure = failure;
      return this;
    }

    private static long requireAtLeastZero(String name, long value) {
      if (value < 0) {
        throw new IllegalArgumentException(
            name + " is negative: " + name + "=" + value + ", limit=0");
      }
      return value;
    }

    /** {@return a new allocator, owning or an arena iff the inner is} */
    public FailingAllocator build() {
      if (inner instanceof Arena arena) {
        return new ArenaFailingAllocator(arena, this);
      }
      return inner instanceof OwningAllocator owning
          ? new OwningFailingAllocator(owning, this)
          : new FailingAllocator(inner, this);
    }
  }
}
