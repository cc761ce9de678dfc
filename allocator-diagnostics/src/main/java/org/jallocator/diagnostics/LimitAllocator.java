package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.MemoryLimit;
import org.jspecify.annotations.Nullable;

/**
 * Lets no more than so many bytes be live at once, for a process that must not be killed for its
 * memory.
 *
 * <pre>{@code
 * limit(bytes=512M, warn=400M, jna)
 * }</pre>
 *
 * <p>A malloc that would make more than {@code bytes} live has no memory: {@code malloc} throws
 * {@link OutOfMemoryError}, {@code tryMalloc} returns NULL. Bytes are counted as asked for, so a
 * limit above a pool bounds what the program uses, and a limit below a pool bounds the pages that
 * the pool takes. Each malloc that takes the live bytes from below {@code warn} to {@code warn} or
 * more calls the listener.
 *
 * <p>A free of what this layer did not hand out goes to the inner, which refuses it if it can. Over
 * an {@link OwningAllocator} the layer is owning, and over an {@link Arena} an arena.
 *
 * <p>Price: a small object and two short locks a block. Beside other threads, the bytes of a block
 * count as free when its free begins, a moment before the inner has them.
 *
 * <p>Confined to its owner thread, or shared and may block, as its inner is. After Umpire's and
 * RMM's limiting resources.
 */
@SuppressWarnings("exports") // clients do not see what the books say
public sealed class LimitAllocator extends BookedAllocator<Block> implements MemoryLimit
    permits OwningLimitAllocator {

  static final String NAME = "limit";

  /** Is told that the live bytes have reached the level for a warning. */
  @FunctionalInterface
  public interface Listener {

    /**
     * Called on the thread that mallocs, before the inner is asked, outside all locks. What it
     * throws passes to the caller of malloc, and nothing is allocated.
     *
     * @param limit the allocator
     * @param liveBytes the bytes that will be live, at least {@code warn}
     */
    void warned(LimitAllocator limit, long liveBytes);
  }

  private final long bytes;
  private final long warn;
  private volatile Listener listener = (limit, liveBytes) -> {};

  /** How many mallocs crossed the level for a warning. Guarded by the books. */
  private long warnings;

  LimitAllocator(Allocator inner, long bytes, long warn) {
    super(NAME, inner);
    this.bytes = bytes;
    this.warn = warn;
  }

  /**
   * Makes a limit.
   *
   * @param inner what blocks are taken from; stays open when this allocator closes
   * @param bytes the most bytes that may be live, at least 1
   * @param warn from how many live bytes on the listener is called, at most {@code bytes}; 0: never
   * @return a new allocator, owning or an arena iff the inner is
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static LimitAllocator create(Allocator inner, long bytes, long warn) {
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes is less than 1: bytes=" + bytes + ", limit=1");
    }
    if (warn < 0 || warn > bytes) {
      throw new IllegalArgumentException("warn is out of range: warn=" + warn + ", limit=" + bytes);
    }
    if (inner instanceof Arena arena) {
      return new ArenaLimitAllocator(arena, bytes, warn);
    }
    return inner instanceof OwningAllocator owning
        ? new OwningLimitAllocator(owning, bytes, warn)
        : new LimitAllocator(inner, bytes, warn);
  }

  /**
   * Sets what is called when the live bytes reach {@code warn}. Shared, never blocks.
   *
   * @param listener replaces the one before
   * @return this allocator
   */
  public final LimitAllocator onWarning(Listener listener) {
    this.listener = listener;
    return this;
  }

  /** {@return the most bytes that may be live} Shared, never blocks. */
  @Override
  public final long limitBytes() {
    return bytes;
  }

  /** {@return how many mallocs took the live bytes to {@code warn}} Shared, may block. */
  public final long warnings() {
    synchronized (books) {
      return warnings;
    }
  }

  /** {@return the lesser of the limit and what the inner serves} */
  @Override
  public final long maxSize() {
    return Math.min(bytes, innerMaxSize());
  }

  @Override
  final Block prepare(long size) {
    if (warn > 0) {
      warn(size);
    }
    return new Block(size, size);
  }

  private void warn(long size) {
    long live;
    synchronized (books) {
      live = books.liveBytes + books.pendingBytes;
      if (live >= warn || live + size < warn || live + size > bytes) {
        return;
      }
      warnings++;
    }
    AllocatorEvents.limitReached(NAME, size, warn);
    listener.warned(this, live + size);
  }

  @Override
  final void refused(long size) {
    AllocatorEvents.limitReached(NAME, size, bytes);
  }

  @Override
  final @Nullable OutOfMemoryError refusal(long size) {
    long live = books.liveBytes + books.pendingBytes;
    return size <= bytes - live
        ? null
        : new OutOfMemoryError(
            NAME
                + ": limit is reached: size="
                + size
                + ", reserved="
                + books.reservedBytes
                + ", limit="
                + bytes);
  }

  /** {@return the name, the options in bytes, and the inner} */
  @Override
  public final String toString() {
    return NAME + "(bytes=" + bytes + ", warn=" + warn + ", " + inner + ")";
  }
}
