package org.jallocator.diagnostics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongConsumer;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * The figures of one thread of a {@link StatsAllocator}, and the sizes of the blocks that it
 * allocated, by address, in an open-addressed table.
 *
 * <pre>
 * cells   | address | size | address | size | ...      0: empty, {@link #GONE}: was freed
 * </pre>
 *
 * <p>Who writes what: its owner writes all fields and all cells, without a lock, between {@link
 * #enter} and {@link #leave}. Another thread that frees one of its blocks notes that in {@code
 * remoteFrees}, under the monitor, and the owner collects it before it looks at its table again:
 * {@code attention} says that there is something. The owner makes a new table under the monitor,
 * for others who search. The common tally has no owner: all of it is guarded by its monitor.
 *
 * <p>Whoever closes must not miss a call in progress. It sets {@link #REVOKED}, makes the owner run
 * a barrier (by a walk of its stack, for which HotSpot stops it), and waits for {@code busy} to be
 * false. So the owner's store of {@code busy} and its load of {@code attention} need an order only
 * for the compiler.
 *
 * <p>Invariants: at most half of the cells are not empty; totals of mallocs never fall.
 */
final class Tally {

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
  private static final VarHandle FREEING;

  static {
    try {
      BUSY = MethodHandles.lookup().findVarHandle(Tally.class, "busy", boolean.class);
      FREEING = MethodHandles.lookup().findVarHandle(Tally.class, "freeing", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** In {@code attention}: somebody closes, or has closed. */
  static final int REVOKED = 1 << 30;

  static final int BUCKETS = 65;

  /** The address of a cell whose block was freed: no block has it. */
  static final long GONE = -1;

  static final long MIX = 0x9E3779B97F4A7C15L;
  private static final int FIRST_CELLS = 1 << 6;

  /** The thread that writes here; null iff this is the common tally or waits for a new owner. */
  @Nullable Thread owner;

  long[] cells = new long[2 * FIRST_CELLS];
  int shift = Long.numberOfLeadingZeros(FIRST_CELLS - 1);

  /** Cells that are not empty. */
  int used;

  /** How old the block of each cell is; null iff nobody asks. */
  long @Nullable [] serials;

  /** How many blocks there have been. */
  long serial;

  /** Whether the owner has more to do than count, before its next call. */
  boolean due;

  /** Whether its owner is in a call. */
  @SuppressWarnings("UnusedVariable") // by its handle
  private boolean busy;

  /** The block that its owner is freeing, or 0. */
  @SuppressWarnings("UnusedVariable") // by its handle
  private long freeing;

  /** What others ask of the owner: {@link #REVOKED}, and 1 for remote frees. By the monitor. */
  private int attention;

  /** What other threads freed. Guarded by the monitor. */
  private final RemoteFrees remoteFrees = new RemoteFrees();

  /** Calls in progress of the common tally. Guarded by the monitor. */
  private int calls;

  /** Mallocs by the power of two that is not less than their size. */
  final long[] histogram = new long[BUCKETS];

  /** The bytes of all mallocs. */
  long totalBytes;

  /** What was freed by this thread, whoever allocated it. */
  long frees;

  long freedBytes;
  long failures;

  /** Mallocs less frees; the bytes are {@code totalBytes - freedBytes}. */
  long netBlocks;

  /** The most that they have been. */
  long peakNetBlocks;

  long peakNetBytes;

  /** Where the owner's share has changed enough to compare all shares with the peak. */
  long noteAboveBytes = Long.MAX_VALUE;

  long noteBelowBytes = Long.MIN_VALUE;
  long noteAboveBlocks = Long.MAX_VALUE;

  Tally(@Nullable Thread owner) {
    this.owner = owner;
  }

  /** Begins a call of the owner; {@return false, and it has not begun, iff there is more to do} */
  boolean enter() {
    BUSY.setOpaque(this, true);
    VarHandle.releaseFence(); // the store is before the load, for the compiler
    if (attention != 0 || due) {
      leave();
      return false;
    }
    return true;
  }

  /** {@return whether there is nothing more to do} For a confined allocator. */
  boolean isReady() {
    return attention == 0 && !due;
  }

  /** As {@link #enter}; {@return false only if it was revoked} */
  boolean enterUnlessRevoked() {
    BUSY.setOpaque(this, true);
    VarHandle.releaseFence();
    if ((attention & REVOKED) != 0) {
      leave();
      return false;
    }
    return true;
  }

  /** Ends a call of the owner. */
  void leave() {
    BUSY.setRelease(this, false);
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
    attention = 1;
  }

  /** {@return whether nobody is in a call, after it was revoked} */
  synchronized boolean isQuiet() {
    return owner == null ? calls == 0 : !(boolean) BUSY.getAcquire(this);
  }

  /** {@return whether other threads have freed blocks, or are freeing some} */
  boolean hasRemoteFrees() {
    return attention != 0;
  }

  /** Takes what other threads have freed out of the table. By the owner, or if it is revoked. */
  synchronized void collect() {
    int left = 0;
    for (int slot = 0; slot < remoteFrees.slots(); slot++) {
      if (remoteFrees.addressAt(slot) != Allocator.NULL) {
        if (remoteFrees.isDone(slot)) {
          collect(slot);
        } else {
          left = 1;
        }
      }
    }
    if (left == 0) {
      remoteFrees.clear();
    }
    attention = (attention & REVOKED) | left;
  }

  private void collect(int slot) {
    int i = find(remoteFrees.addressAt(slot));
    if (i >= 0) {
      cells[i] = GONE;
    } else {
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
    return find(address) >= 0 && remoteFrees.find(address) < 0;
  }

  /** {@return whether another thread has freed a block of this table, or is freeing it} */
  synchronized boolean isFreedRemotely(long address) {
    return remoteFrees.find(address) >= 0;
  }

  /** {@return whether a block is being freed, by the owner or by another thread} */
  synchronized boolean isBeingFreed(long address) {
    int slot = remoteFrees.find(address);
    return (slot >= 0 && !remoteFrees.isDone(slot)) || (long) FREEING.getAcquire(this) == address;
  }

  /**
   * Notes that another thread frees a block.
   *
   * @param size the size that the free tells, if it is {@code sized}
   * @return the size that the block was asked for with; 0 iff it is not here; the negative of it
   *     iff the free tells another, and nothing has changed
   */
  synchronized long freeRemotely(long address, long size, boolean sized) {
    int i = find(address); // once: the owner may free the block at any moment
    if (i < 0 || remoteFrees.find(address) >= 0) {
      return 0;
    }
    long asked = cells[i + 1];
    VarHandle.acquireFence();
    if (cells[i] != address) {
      return 0; // the cell may be another block's by now, and so the size
    }
    if (sized && size != asked) {
      return -asked;
    }
    if (owner == null) {
      cells[i] = GONE;
    } else {
      remoteFrees.add(address, asked);
      attention |= 1;
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
        put(address, size);
      }
      return gone ? Refused.COUNTS : Refused.UNDO;
    }
    int slot = remoteFrees.find(address);
    if (slot < 0) {
      return gone ? Refused.COUNTS : Refused.MOVE;
    }
    remoteFrees.remove(slot);
    int i = gone ? find(address) : -1;
    if (i < 0) {
      return Refused.UNDO; // it is live, or the owner freed it and counted
    }
    cells[i] = GONE;
    return Refused.COUNTS;
  }

  /** Ends a free of the owner: the inner refused. As {@link #refusedRemotely}. */
  synchronized void refused(int i, long address, long size, boolean gone) {
    int slot = remoteFrees.find(address);
    if (slot >= 0) {
      remoteFrees.remove(slot); // another thread frees it at the same time, and counts
      uncountFree(size);
    } else if (!gone) {
      cells[i] = address;
      uncountFree(size);
    }
  }

  /** Says which block the owner frees. Others must not ask the inner about it meanwhile. */
  void setFreeing(long address) {
    FREEING.setRelease(this, address);
    VarHandle.releaseFence();
  }

  void countFree(long size) {
    frees++;
    netBlocks--;
    freedBytes += size;
  }

  void uncountFree(long size) {
    frees--;
    netBlocks++;
    freedBytes -= size;
  }

  /** {@return the bucket of the histogram for a size} */
  static int bucketOf(long size) {
    return size <= 1 ? 0 : Long.SIZE - Long.numberOfLeadingZeros(size - 1);
  }

  /**
   * {@return where in {@code cells} an address stands, or -1} Without the monitor it may miss what
   * is there.
   */
  int find(long address) {
    if (address == GONE || address == Allocator.NULL) {
      return -1;
    }
    long[] cells = this.cells;
    int mask = cells.length - 2;
    int i = (int) ((address * MIX) >>> shift) << 1 & mask; // beside the owner the two may not fit
    long there;
    while ((there = cells[i]) != address) {
      if (there == 0) {
        return -1;
      }
      i = (i + 2) & mask;
    }
    return i;
  }

  /** Makes a table with room for one more block, without cells that are gone. Needs the monitor. */
  void makeRoom() {
    long[] old = cells;
    int live = 0;
    for (int i = 0; i < old.length; i += 2) {
      live += old[i] != 0 && old[i] != GONE ? 1 : 0;
    }
    int length = 2 * FIRST_CELLS;
    while (6 * (live + 1) > length) {
      length *= 2;
    }
    long[] cells = new long[length];
    long[] oldSerials = serials;
    long[] serials = oldSerials == null ? null : new long[length / 2];
    int mask = length - 2;
    int shift = Long.numberOfLeadingZeros(length / 2 - 1);
    for (int i = 0; i < old.length; i += 2) {
      if (old[i] != 0 && old[i] != GONE) {
        int to = (int) ((old[i] * MIX) >>> shift) << 1;
        while (cells[to] != 0) {
          to = (to + 2) & mask;
        }
        cells[to] = old[i];
        cells[to + 1] = old[i + 1];
        if (serials != null && oldSerials != null) {
          serials[to >> 1] = oldSerials[i >> 1];
        }
      }
    }
    this.shift = shift;
    this.cells = cells;
    this.serials = serials;
    this.used = live;
  }

  /** {@return whether the table must grow before the next block} */
  boolean isFull() {
    return 4 * (used + 1) > cells.length;
  }

  /** Counts a block that was allocated. Needs the monitor; for the common tally. */
  void add(long address, long size) {
    if (isFull()) {
      makeRoom();
    }
    put(address, size);
    histogram[bucketOf(size)]++;
    totalBytes += size;
    netBlocks++;
    peakNetBytes = Math.max(peakNetBytes, totalBytes - freedBytes);
    peakNetBlocks = Math.max(peakNetBlocks, netBlocks);
  }

  /** Enters a block, for which there is room. By the owner, or under the monitor if none. */
  void put(long address, long size) {
    int mask = cells.length - 2;
    int i = (int) ((address * MIX) >>> shift) << 1;
    while (cells[i] != 0 && cells[i] != GONE) {
      i = (i + 2) & mask;
    }
    used += cells[i] == 0 ? 1 : 0;
    cells[i + 1] = size;
    cells[i] = address;
  }

  /** Counts blocks that are younger than a serial as freed. For a confined allocator. */
  void dropSince(long since) {
    long[] serials = this.serials;
    for (int i = 0; serials != null && i < cells.length; i += 2) {
      if (cells[i] != 0 && cells[i] != GONE && serials[i >> 1] > since) {
        cells[i] = GONE;
        countFree(cells[i + 1]);
      }
    }
  }

  /** Counts all blocks as freed. Needs the monitor. */
  void dropAll() {
    collect(); // no call is in progress
    for (int i = 0; i < cells.length; i += 2) {
      if (cells[i] != 0 && cells[i] != GONE) {
        cells[i] = GONE;
        countFree(cells[i + 1]);
      }
    }
  }

  /** Visits the address of every block. Needs the monitor. */
  void forEach(LongConsumer visitor) {
    long[] cells = this.cells;
    for (int i = 0; i < cells.length; i += 2) {
      if (cells[i] != 0 && cells[i] != GONE && remoteFrees.find(cells[i]) < 0) {
        visitor.accept(cells[i]);
      }
    }
  }
}
