package org.jallocator.diagnostics;

import java.util.List;
import java.util.SplittableRandom;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorEvents;
import org.jspecify.annotations.Nullable;

/**
 * Records where each live block was allocated, by which thread and when, and where the last freed
 * ones were freed.
 *
 * <pre>{@code
 * tracked(jna)                       every block: to find a leak or a bad free
 * tracked(sample=512K, jna)          one block in 512 KiB: to watch a program in production
 * }</pre>
 *
 * <p>It has every live block in its books, so it is owning over any inner, and finds double,
 * foreign and interior frees also over one that cannot; the message has the sites of the malloc, of
 * the free and of the free again. {@link #report} and the {@link org.jallocator.LeakException} of
 * close group live blocks by site, the largest first. Over an {@link Arena} it is an arena.
 *
 * <p>Sampling: a block of {@code size} bytes has its site recorded with a probability of {@code p =
 * 1 - exp(-size / sample)}, as if samples lay in the stream of allocated bytes at random, and
 * counts as {@code 1 / p} blocks, which makes the sums unbiased. After tcmalloc's heap profiler.
 *
 * <p>Price: a walk of the stack for each malloc, and for each free if there is a history: some
 * microseconds; about 100 bytes of Java heap a block. With sampling a small object, two locks, and
 * rarely a walk. A look-up of an address that starts no block is O(live blocks) if the inner is not
 * owning.
 *
 * <p>Confined to its owner thread, or shared and may block, as its inner is.
 */
@SuppressWarnings("exports") // clients do not see what the books say
public sealed class TrackedAllocator extends BookedAllocator<TrackedBlock>
    implements OwningAllocator permits ArenaTrackedAllocator {

  static final String NAME = "tracked";

  /** How many sites a leak's message has at the most. */
  private static final int SITES_IN_MESSAGE = 8;

  static {
    LeakReport.rehearse();
  }

  /** The inner if it recognises its own memory. */
  private final @Nullable OwningAllocator owningInner;

  private final int frames;
  private final long sample;
  private final Sites sites;

  /** The blocks freed last, a ring. Guarded by the books, as all that follows. */
  private final @Nullable TrackedBlock[] history;

  private int nextInHistory;
  private final SplittableRandom random = new SplittableRandom(1);
  private long bytesToSample;

  TrackedAllocator(Allocator inner, Builder builder) {
    super(NAME, inner);
    this.owningInner = inner instanceof OwningAllocator owning ? owning : null;
    this.frames = builder.frames;
    this.sample = builder.sample;
    this.sites = new Sites(builder.frames);
    this.history = new @Nullable TrackedBlock[builder.history];
    this.bytesToSample = nextDistance();
    GuardedAllocator.findBelow(GuardedAllocator.class, inner)
        .ifPresent(guarded -> guarded.setSites(this::describe));
  }

  /**
   * {@return a builder with defaults for everything}
   *
   * @param inner what blocks are taken from; stays open when this allocator closes
   */
  public static Builder builder(Allocator inner) {
    return new Builder(inner);
  }

  /**
   * Makes a layer that records every block.
   *
   * @param inner what blocks are taken from; stays open when this allocator closes
   * @return a new allocator, an arena iff the inner is
   */
  public static TrackedAllocator create(Allocator inner) {
    return builder(inner).build();
  }

  /** {@return the distance from one sample to the next, in bytes: exponentially distributed} */
  private long nextDistance() {
    return sample == 0 ? 0 : (long) (-Math.log(1 - random.nextDouble()) * sample);
  }

  private boolean isSampled(long size) {
    if (sample == 0) {
      return true;
    }
    synchronized (books) {
      bytesToSample -= size;
      if (bytesToSample >= 0) {
        return false;
      }
      bytesToSample = nextDistance();
      return true;
    }
  }

  @Override
  final TrackedBlock prepare(long size) {
    return isSampled(size)
        ? new TrackedBlock(size, sites.here(), Thread.currentThread().getName(), System.nanoTime())
        : new TrackedBlock(size, Site.UNKNOWN, "", 0);
  }

  /** {@return the site of a free, if the block's is recorded and there is a history} */
  @Override
  final @Nullable Object note(long address) {
    if (history.length == 0) {
      return null;
    }
    if (sample > 0) {
      synchronized (books) {
        TrackedBlock block = books.find(address);
        if (block == null || !block.site.isKnown()) {
          return null;
        }
      }
    }
    return sites.here();
  }

  @Override
  final void left(TrackedBlock block, @Nullable Object note) {
    super.left(block, note);
    if (note instanceof Site site) {
      block.freeThread = Thread.currentThread().getName();
      block.freedAt = System.nanoTime();
      block.freeSite = site;
      history[nextInHistory] = block;
      nextInHistory = nextInHistory + 1 == history.length ? 0 : nextInHistory + 1;
    }
  }

  @Override
  final InvalidFreeException doubleFree(TrackedBlock block, @Nullable Object note) {
    synchronized (books) { // the other free may be about to write where it is
      return refusal(Reason.DOUBLE_FREE, block.address, block);
    }
  }

  @Override
  final InvalidFreeException explain(
      InvalidFreeException refusal, TrackedBlock block, @Nullable Object note) {
    String message = String.valueOf(refusal.getMessage());
    String sites = message.contains("\n  allocated") ? "" : describe(refusal.address());
    InvalidFreeException explained =
        new InvalidFreeException(
            refusal.reason(), NAME, refusal.address(), "\n  " + message + sites);
    explained.initCause(refusal);
    return explained;
  }

  @Override
  final void freeUnknown(long address, long size, boolean sized) {
    throw AllocatorEvents.invalidFree(NAME, unknown(address));
  }

  private InvalidFreeException unknown(long address) {
    synchronized (books) {
      TrackedBlock freed = inHistory(address);
      if (freed != null) {
        return refusal(Reason.DOUBLE_FREE, address, freed);
      }
      TrackedBlock holder = books.holder(address);
      if (holder == null) {
        return refusal(Reason.FOREIGN, address, null);
      }
      // A block that starts there was entered a moment ago by another thread.
      return refusal(
          holder.address == address ? Reason.DOUBLE_FREE : Reason.NOT_A_BLOCK, address, holder);
    }
  }

  private InvalidFreeException refusal(Reason reason, long address, @Nullable TrackedBlock block) {
    StringBuilder text = new StringBuilder();
    if (block != null) {
      text.append(", block=0x").append(Long.toHexString(block.address));
      text.append(", size=").append(block.size);
      text.append(block.describe(System.nanoTime()));
    }
    text.append(reason == Reason.DOUBLE_FREE ? "\n  freed again" : "\n  freed");
    text.append(" by thread ").append(Thread.currentThread().getName());
    text.append(" at ").append(sites.here().line());
    return new InvalidFreeException(reason, NAME, address, text.toString());
  }

  /** {@return the block freed last at an address, or null} O(history). */
  private @Nullable TrackedBlock inHistory(long address) {
    for (int i = 1; i <= history.length; i++) {
      TrackedBlock block = history[Math.floorMod(nextInHistory - i, history.length)];
      if (block != null && block.address == address) {
        return block;
      }
    }
    return null;
  }

  /** As {@link SiteSource#describe}. Shared, may block. */
  final String describe(long address) {
    synchronized (books) {
      TrackedBlock block = books.find(address);
      if (block == null) {
        block = inHistory(address);
      }
      return block == null ? "" : block.describe(System.nanoTime());
    }
  }

  /**
   * {@return the live blocks by the site that allocated them, the largest first} Shared, may block:
   * mallocs and frees of other threads wait while the blocks are listed. O(live blocks).
   */
  public final LeakReport report() {
    List<TrackedBlock> blocks;
    long liveBlocks;
    long liveBytes;
    synchronized (books) {
      blocks = books.since(0);
      liveBlocks = books.liveBlocks;
      liveBytes = books.liveBytes;
    }
    return LeakReport.of(blocks, liveBlocks, liveBytes, sample);
  }

  @Override
  final String sites() {
    return report().text(SITES_IN_MESSAGE);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. True iff the address
   * lies in a live block. O(live blocks).
   */
  @Override
  public final boolean owns(long address) {
    requireUsable();
    if (address == NULL || (owningInner != null && !owningInner.owns(address))) {
      return false;
    }
    synchronized (books) {
      return books.holder(address) != null;
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. The cost of free for
   * a block, else that of {@link #owns}.
   */
  @Override
  public final boolean tryFree(long address) {
    return tryFree(address, 0, false);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. As {@link
   * #tryFree(long)}.
   */
  @Override
  public final boolean tryFree(long address, long size) {
    return tryFree(address, size, true);
  }

  private boolean tryFree(long address, long size, boolean sized) {
    requireOwner();
    if (address == NULL) {
      return false;
    }
    if (release(address, size, sized)) {
      return true;
    }
    if (owns(address)) {
      throw AllocatorEvents.invalidFree(NAME, unknown(address));
    }
    return false;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(live blocks), and
   * they are sorted: the oldest come first.
   */
  @Override
  public final long[] liveAddresses(int limit) {
    return addresses(limit);
  }

  /** {@return the name, the options and the inner} */
  @Override
  public final String toString() {
    return NAME
        + "(frames="
        + frames
        + ", sample="
        + sample
        + ", history="
        + history.length
        + ", "
        + inner
        + ")";
  }

  /** Makes a {@link TrackedAllocator}, or several. Not for use by several threads at once. */
  public static final class Builder {

    /** The frames of a site if none are given. */
    static final int DEFAULT_FRAMES = 8;

    /** The freed blocks that are kept if no number is given. */
    static final int DEFAULT_HISTORY = 4096;

    /** The most that may be asked for. */
    static final int MAX_FRAMES = 256;

    /** The most that may be asked for. */
    static final int MAX_HISTORY = 1 << 24;

    private final Allocator inner;
    private int frames = DEFAULT_FRAMES;
    private long sample;
    private int history = DEFAULT_HISTORY;

    private Builder(Allocator inner) {
      this.inner = inner;
    }

    /**
     * Sets how many frames a site has, {@value #DEFAULT_FRAMES} if not set.
     *
     * @param frames 1 to {@value #MAX_FRAMES}
     * @return this builder
     */
    public Builder frames(int frames) {
      this.frames = (int) require("frames", frames, 1, MAX_FRAMES);
      return this;
    }

    /**
     * Sets how far apart samples are.
     *
     * @param sample the mean distance in bytes; 0: every block is recorded
     * @return this builder
     */
    public Builder sample(long sample) {
      this.sample = require("sample", sample, 0, Long.MAX_VALUE);
      return this;
    }

    /**
     * Sets how many freed blocks are kept, {@value #DEFAULT_HISTORY} if not set.
     *
     * @param history 0 to {@value #MAX_HISTORY}
     * @return this builder
     */
    public Builder history(int history) {
      this.history = (int) require("history", history, 0, MAX_HISTORY);
      return this;
    }

    private static long require(String name, long value, long least, long most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(
            name + " is out of range: " + name + "=" + value + ", limit=" + least + " to " + most);
      }
      return value;
    }

    /** {@return a new allocator, an arena iff the inner is} */
    public TrackedAllocator build() {
      return inner instanceof Arena arena
          ? new ArenaTrackedAllocator(arena, this)
          : new TrackedAllocator(inner, this);
    }
  }
}
