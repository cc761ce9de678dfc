package org.jallocator.diagnostics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongConsumer;
import org.jallocator.Allocator;
import org.jallocator.spi.OwnerFence;
import org.jspecify.annotations.Nullable;

/**
 * The figures and the blocks of one thread of a {@link StatsAllocator}, and how other threads come
 * to them: calls in progress, remote frees and close.
 *
 * <pre>
 *   TallyCounts    how much was allocated and freed
 *   TallyBlocks    which blocks are live, and their sizes
 *   Tally          what the owner and other threads may do at the same time
 * </pre>
 *
 * <p>These are one object: a malloc or a free of the owner reads fields of it and nothing else.
 *
 * <p>Who writes what: its owner writes the counts and the blocks, without a lock, between {@link
 * #enter} and {@link #leave}. Another thread that frees one of its blocks notes that in {@code
 * remoteFrees}, under the monitor, and the owner collects it before it looks at its table again:
 * {@code attention} says that there is something. The common tally has no owner: all of it is
 * guarded by its monitor.
 *
 * <p>A remote free is {@link #freeRemotely}, then a call of the inner, then {@link #freedRemotely}
 * or {@link #refusedRemotely}. The owner may free the same block at the same time: then both have
 * counted, and one of the two is taken back by {@link #refused}, by {@link #refusedRemotely}, or by
 * {@link #collect} if the inner accepted both.
 *
 * <p>Whoever closes must not miss a call in progress. It sets {@link #REVOKED}, has the heavy fence
 * of {@link OwnerFence}, and waits for {@code busy} to be 0. The owner has the light one between
 * its store of {@code busy} and its load of {@code attention}.
 */
final class Tally extends TallyBlocks {

  /** What becomes of a count if the inner refuses a free. */
  enum Refused {
    /** The free counts. */
    COUNTS,
    /** It does not count. */
    UNDO,
    /** It does not count, and the block is the caller's from now on. */
    MOVE
  }

  private static final VarHandle BUSY;

  static {
    try {
      BUSY = MethodHandles.lookup().findVarHandle(Tally.class, "busy", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** In {@code busy}: its owner is in a call that frees no block. */
  static final long IN_CALL = 1;

  /** In {@code attention}: there are remote frees. */
  private static final int REMOTE = 1;

  /** In {@code attention}: all shares are to be compared with the peak. */
  private static final int DUE = 2;

  /** In {@code attention}: somebody closes, or has closed. */
  private static final int REVOKED = 4;

  /** In {@code attention}: its own peak is from before the last reset, and does not count. */
  private static final int OLD_PEAK = 8;

  /** The thread that writes here; null iff this is the common tally. */
  @Nullable Thread owner;

  /** The block that its owner frees, {@link #IN_CALL}, or 0: its owner is not in a call. */
  @SuppressWarnings("UnusedVariable") // by its handle
  private long busy;

  /** What the owner has to do before its next call, and {@link #REVOKED}. By the monitor. */
  private int attention;

  /** What other threads freed. Guarded by the monitor. */
  private final RemoteFrees remoteFrees = new RemoteFrees();

  /** Calls in progress of the common tally. Guarded by the monitor. */
  private int calls;

  Tally(@Nullable Thread owner) {
    this.owner = owner;
  }

  /**
   * Begins a call of the owner.
   *
   * @param call the block that it frees, or {@link #IN_CALL}
   * @return false, and it has not begun, iff there is more to do
   */
  boolean enter(long call) {
    BUSY.setOpaque(this, call);
    OwnerFence.light();
    if (attention != 0) {
      leave();
      return false;
    }
    return true;
  }

  /** {@return whether there is nothing more to do} For a confined allocator. */
  boolean isReady() {
    return attention == 0;
  }

  /** As {@link #enter}; {@return false only if it was revoked} */
  boolean enterUnlessRevoked() {
    BUSY.setOpaque(this, IN_CALL);
    OwnerFence.light();
    if ((attention & REVOKED) != 0) {
      leave();
      return false;
    }
    return true;
  }

  /** Ends a call of the owner. */
  void leave() {
    BUSY.setRelease(this, 0L);
  }

  /** As {@link #enter} and {@link #leave}, for any thread; for the common tally. */
  synchronized boolean enterCommon() {
    boolean open = (attention & REVOKED) == 0;
    calls += open ? 1 : 0;
    return open;
  }

  synchronized void leaveCommon() {
    calls--;
  }

  synchronized void revoke() {
    attention |= REVOKED;
  }

  /** Undoes {@link #revoke}. The owner's next call sees what another thread has collected. */
  synchronized void unrevoke() {
    attention = (attention & ~REVOKED) | REMOTE;
  }

  /** {@return whether nobody is in a call, after it was revoked} */
  synchronized boolean isQuiet() {
    return owner == null ? calls == 0 : (long) BUSY.getAcquire(this) == 0;
  }

  /** {@return whether other threads may have freed blocks, or be freeing some} */
  boolean hasRemoteFrees() {
    return attention != 0;
  }

  /** {@return whether all shares are to be compared with the peak} */
  boolean isDue() {
    return (attention & DUE) != 0;
  }

  @Override
  synchronized void setDue() {
    attention |= DUE;
  }

  /**
   * All shares were compared with the peak; {@link #isDue} when the share has changed by so much.
   */
  synchronized void noted(long blocks, long bytes) {
    noteAfter(blocks, bytes);
    attention &= ~DUE;
  }

  /**
   * Makes the owner's next call begin its own peak anew. Only the owner writes it: it may be about
   * to write the old one.
   */
  synchronized void setPeakOld() {
    attention |= OLD_PEAK;
  }

  synchronized boolean isPeakOld() {
    return (attention & OLD_PEAK) != 0;
  }

  /** Begins its own peak anew if it is old. By the owner. */
  synchronized void renewPeak() {
    if (isPeakOld()) {
      setPeak(netBlocks(), netBytes());
      attention &= ~OLD_PEAK;
    }
  }

  /** Says which block the owner frees. Others must not ask the inner about it meanwhile. */
  void setFreeing(long address) {
    BUSY.setRelease(this, address);
    OwnerFence.light();
  }

  /** Takes what other threads have freed out of the table. By the owner, or if it is revoked. */
  synchronized void collect() {
    int left = 0;
    for (int slot = 0; slot < remoteFrees.slots(); slot++) {
      if (remoteFrees.addressAt(slot) != Allocator.NULL) {
        if (remoteFrees.isDone(slot)) {
          collect(slot);
        } else {
          left = REMOTE;
        }
      }
    }
    if (left == 0) {
      remoteFrees.clear();
    }
    attention = (attention & ~REMOTE) | left;
  }

  private void collect(int slot) {
    int i = find(remoteFrees.addressAt(slot));
    if (sizeAt(i) != 0) {
      setSize(i, 0);
    } else if (!remoteFrees.isAlone(slot)) {
      uncountFree(remoteFrees.sizeAt(slot)); // the owner freed it at the same time, and counted
    }
    remoteFrees.remove(slot);
  }

  /** As {@link #collect}, before an address is entered that the inner has just handed out. */
  synchronized void collectFor(long address) {
    collect();
    int slot = remoteFrees.find(address);
    if (slot >= 0) {
      collect(slot); // the inner has taken it, or it would not hand it out
    }
  }

  /** {@return whether a block is here that no other thread has freed or is freeing} */
  synchronized boolean has(long address) {
    return sizeOf(address) != 0 && remoteFrees.find(address) < 0;
  }

  /** {@return whether another thread has freed a block of this table, or is freeing it} */
  synchronized boolean isFreedRemotely(long address) {
    return remoteFrees.find(address) >= 0;
  }

  /** {@return whether a block is being freed, by the owner or by another thread} */
  synchronized boolean isBeingFreed(long address) {
    int slot = remoteFrees.find(address);
    return (slot >= 0 && !remoteFrees.isDone(slot))
        || (address != IN_CALL && (long) BUSY.getAcquire(this) == address);
  }

  /**
   * Notes that another thread frees a block.
   *
   * @param size the size that the free tells, if it is {@code sized}
   * @return the size that the block was asked for with; 0 iff it is not here; the negative of it
   *     iff the free tells another, and nothing has changed
   */
  synchronized long freeRemotely(long address, long size, boolean sized) {
    long asked = sizeOf(address); // once: the owner may free the block at any moment
    if (asked == 0 || remoteFrees.find(address) >= 0) {
      return 0;
    }
    if (sized && size != asked) {
      return -asked;
    }
    if (owner == null) {
      setSize(find(address), 0);
    } else {
      remoteFrees.add(address, asked);
      attention |= REMOTE;
    }
    return asked;
  }

  /** Ends {@link #freeRemotely}: the inner has it. */
  synchronized void freedRemotely(long address) {
    int slot = remoteFrees.find(address);
    if (slot >= 0) {
      remoteFrees.setDone(slot);
    }
  }

  /**
   * Ends {@link #freeRemotely}: the inner refused.
   *
   * @param gone whether it says that the block is not live
   * @return what is to be done about the free that was counted
   */
  synchronized Refused refusedRemotely(long address, long size, boolean gone) {
    if (owner == null) {
      if (!gone) {
        restore(address, size);
      }
      return gone ? Refused.COUNTS : Refused.UNDO;
    }
    int slot = remoteFrees.find(address);
    if (slot < 0) {
      return Refused.COUNTS; // it was handed out again, and one of two frees was taken back
    }
    if (gone && sizeOf(address) != 0) {
      remoteFrees.setDone(slot); // the owner has not freed it
      return Refused.COUNTS;
    }
    boolean alone = remoteFrees.isAlone(slot);
    remoteFrees.remove(slot);
    if (alone) {
      return gone ? Refused.COUNTS : Refused.MOVE; // the owner has it no more
    }
    return Refused.UNDO; // it is live, or the owner freed it and counted
  }

  /** Ends a free of the owner: the inner refused. As {@link #refusedRemotely}. */
  synchronized void refused(long address, long size, boolean gone) {
    int slot = remoteFrees.find(address);
    if (slot >= 0) {
      uncountFree(size); // another thread frees it at the same time, and counts
      if (remoteFrees.isDone(slot)) {
        remoteFrees.remove(slot);
      } else {
        remoteFrees.setAlone(slot);
      }
    } else if (!gone) {
      undoTake(address, size);
    }
  }

  /** Counts a block that was allocated. Needs the monitor; for the common tally. */
  void addCommon(long address, long size) {
    put(address, size);
    countMalloc(size);
  }

  /** Counts all blocks as freed. Needs the monitor. */
  void dropAll() {
    collect(); // no call is in progress
    dropBlocks();
  }

  /** Visits the address of every block that no other thread has freed. Needs the monitor. */
  void forEach(LongConsumer visitor) {
    forEachBlock(
        address -> {
          if (remoteFrees.find(address) < 0) {
            visitor.accept(address);
          }
        });
  }
}
