package org.jallocator.fixedblock;

import org.jallocator.fixedblock.CallGate.Caller;
import org.jallocator.spi.AllocatorErrors;

/**
 * The calls of a {@link FallbackAllocator} that are in progress: who may make one, and how many
 * blocks they have taken from the other part and not given back.
 *
 * <p>Shared, may block while another thread pauses; or confined to its owner thread.
 */
final class FallbackCalls {

  /** What a call of a confined allocator leaves with. */
  private static final Caller NOBODY = new Caller(null);

  private final boolean shared;

  /** Whether the parts have an option that lets any thread call: for the errors. */
  private final boolean canBeShared;

  /** The thread that may call, if confined. */
  private Thread owner = Thread.currentThread();

  /** The calls in progress, and the blocks that are out; null if confined. */
  private final CallGate gate;

  /** The blocks that are out; if confined. */
  long blocks;

  /** Written while no call is in progress. */
  private volatile boolean closed;

  @SuppressWarnings("NullAway") // a shared one alone uses the gate
  FallbackCalls(boolean shared, boolean canBeShared) {
    this.shared = shared;
    this.gate = shared ? new CallGate() : null;
    this.canBeShared = canBeShared;
  }

  /**
   * Enters a call. {@return what to leave with} Throws iff closed, or confined to another thread.
   */
  Caller enter() {
    Caller caller = shared ? gate.enter() : NOBODY;
    if (!isOwner() || closed) { // in this order: an owner that has ended may have closed this last
      if (shared) {
        gate.leave(caller, 0);
      }
      throw unusable();
    }
    return caller;
  }

  /** Leaves a call that took so many blocks of the other part; less than 0 if it freed them. */
  void leave(Caller caller, int taken) {
    if (shared) {
      gate.leave(caller, taken);
    } else {
      blocks += taken;
    }
  }

  /** {@return whether blocks are out, and the calling thread may free them} If confined. */
  boolean hasBlocksOfCaller() {
    return blocks > 0 && Thread.currentThread() == owner;
  }

  /**
   * {@return how many blocks are out} While calls of other threads are in progress, it may lag.
   * Blocks that somebody took from the other part itself, and that were freed here, are subtracted.
   */
  long blocks() {
    return shared ? gate.blocks() : Math.max(0, blocks);
  }

  /**
   * {@return how many blocks are out, at a moment when no other call is in progress} The calling
   * thread is in a call, which it leaves for that and enters again.
   */
  long blocksInQuiet(Caller caller) {
    if (!shared) {
      return blocks;
    }
    gate.leave(caller, 0);
    long out;
    try {
      gate.pause();
      out = gate.blocks();
      gate.resume();
    } finally {
      gate.enter(caller); // the caller leaves again
    }
    if (closed) {
      throw unusable();
    }
    return out;
  }

  /** Lets no call enter, and waits for those in progress; none may be the calling thread's. */
  void pause() {
    if (shared) {
      gate.pause();
    }
  }

  /** Lets calls enter again. */
  void resume() {
    if (shared) {
      gate.resume();
    }
  }

  /** Refuses all calls from now on; between {@link #pause} and {@link #resume}. */
  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  /** Throws iff the calling thread is not the one that may call. */
  void requireOwner() {
    if (!isOwner()) {
      throw unusable();
    }
  }

  private IllegalStateException unusable() {
    if (closed && isOwner()) {
      return AllocatorErrors.closed(FallbackAllocator.NAME);
    }
    return canBeShared
        ? AllocatorErrors.wrongThread(FallbackAllocator.NAME, owner, "shared=true in its parts")
        : AllocatorErrors.wrongThread(FallbackAllocator.NAME, owner);
  }

  /** {@return whether the calling thread may call} It becomes the owner if the owner has ended. */
  private boolean isOwner() {
    return shared || Thread.currentThread() == owner || adopt();
  }

  private synchronized boolean adopt() {
    if (!owner.isAlive()) {
      owner = Thread.currentThread();
    }
    return Thread.currentThread() == owner;
  }
}
