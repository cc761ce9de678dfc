package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * What all layers of this package have in common: an inner, the thread that may use it, and {@link
 * StrandedBlocks}.
 *
 * <p>A layer is shared iff its inner is. It passes on {@code maxSize}, {@code alignment}, {@code
 * goodSize} and {@code trim} unless it says otherwise.
 *
 * <p>A confined layer whose owner thread has ended belongs to the next thread that uses it.
 */
abstract class DiagnosticAllocator implements Allocator, StackChecked {

  static {
    AllocatorEvents.areHeard(); // is initialized now, and not first where the stack ends
  }

  final Allocator inner;

  /** Whether any thread may use it. */
  final boolean shared;

  private Thread owner = Thread.currentThread();

  private final StrandedBlocks stranded = new StrandedBlocks();
  private final String name;
  private final long alignment;
  private final long innerMaxSize;
  private volatile boolean closed;

  DiagnosticAllocator(String name, Allocator inner) {
    this.name = name;
    this.inner = inner;
    this.shared = inner.isShared();
    this.alignment = inner.alignment();
    this.innerMaxSize = inner.maxSize();
  }

  /** {@return the name of the layer, as in expressions} */
  final String name() {
    return name;
  }

  /** {@return the largest size that the inner serves, in bytes} */
  final long innerMaxSize() {
    return innerMaxSize;
  }

  @Override
  public long maxSize() {
    return innerMaxSize;
  }

  @Override
  public long alignment() {
    return alignment;
  }

  @Override
  public long goodSize(long size) {
    return inner.goodSize(size);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared, as its inner is. The inner's cost.
   */
  @Override
  public long trim() {
    StackRoom.requireForInner();
    requireUsable();
    giveBackStranded();
    return inner.trim();
  }

  /** {@return whether the inner is: each call checks the stack here} Shared, never blocks. */
  @Override
  public boolean isStackChecked() {
    return StackChecked.is(inner);
  }

  /** {@return whether the inner is shared} */
  @Override
  public final boolean isShared() {
    return shared;
  }

  final boolean isClosed() {
    return closed;
  }

  final void setClosed() {
    closed = true;
  }

  final void requireUsable() {
    requireOwner();
    requireOpen();
  }

  final void requireOpen() {
    if (closed) {
      throw AllocatorErrors.closed(name);
    }
  }

  final void requireOwner() {
    if (!shared && Thread.currentThread() != owner && !adopt()) {
      throw AllocatorErrors.wrongThread(name, owner, "a shared inner");
    }
  }

  /** {@return whether the calling thread is the owner} It becomes it if the owner has ended. */
  private synchronized boolean adopt() {
    if (!owner.isAlive()) {
      owner = Thread.currentThread();
    }
    return owner == Thread.currentThread();
  }

  /** Gives the stranded blocks back. */
  final void giveBackStranded() {
    if (!stranded.isEmpty()) {
      stranded.giveBack(this);
    }
  }

  /** Keeps a block that could not be entered into the books, to be given back at the next call. */
  final void strand(long address, long bytes) {
    stranded.add(address, bytes);
  }

  /** {@return whether the inner is as before, after a free of it threw this} */
  boolean tookNothing(Throwable thrown) {
    return StackChecked.tookNothing(inner, thrown);
  }

  /** {@return whether a block is live as before, after its free threw this} */
  final boolean keeps(Throwable thrown) {
    return tookNothing(thrown) && !isGone(thrown);
  }

  /**
   * {@return whether the inner's refusal of a free says that the block is not live}
   *
   * <p>Then somebody freed it behind this layer, or at the same time, and the books forget it.
   */
  static boolean isGone(Throwable refusal) {
    if (refusal instanceof InvalidFreeException invalid) {
      return switch (invalid.reason()) {
        case DOUBLE_FREE, NOT_A_BLOCK, FOREIGN -> true;
        default -> false;
      };
    }
    return false;
  }

  /** Gives one block back to where it was taken from. */
  void giveBack(long address, long bytes) {
    inner.free(address);
  }

  /** {@return an error that names this layer} */
  final OutOfMemoryError outOfMemory(long size, long reserved, @Nullable Throwable cause) {
    return AllocatorErrors.outOfMemory(name, size, reserved, cause);
  }

  /** {@return the name and the inner} */
  @Override
  public String toString() {
    return name + "(" + inner + ")";
  }
}
