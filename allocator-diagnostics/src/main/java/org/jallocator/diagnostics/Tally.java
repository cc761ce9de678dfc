package org.jallocator.diagnostics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongConsumer;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * The figures of one thread of a {@link StatsAllocator}, and the sizes of the blocks that it
 * allocated: of the last one in fields, of all others in a {@link SizeTable}. So a block that is
 * freed before the next malloc never comes into the table.
 *
 * <p>Who writes what: its owner writes all fields and the table, without a lock, between {@link
 * #enter} and {@link #leave}. Another thread that frees one of its blocks notes that in {@code
 * remoteFrees}, under the monitor, and the owner collects it before it looks at its table again:
 * {@code attention} says that there is something. The owner makes a new table under the monitor,
 * for others who search. The common tally has no owner: all of it is guarded by its monitor.
 *
 * <p>Whoever closes must not miss a call in progress. It sets {@link #REVOKED}, makes the owner run
 * a barrier (by a walk of its stack, for which HotSpot stops it), and waits for {@code busy} to be
 * 0. So the owner's store of {@code busy} and its load of {@code attention} need an order only for
 * the compiler.
 *
 * <p>Invariants: a live block is in the fields or in the table, and in both only while it moves;
 * totals of mallocs never fall.
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

  static final int BUCKETS = 65;

  /** The number that stands for {@code last}, in place of that of a cell. */
  private static final int LAST = -1;

  /** The thread that writes here; null iff this is the common tally or waits for a new owner. */
  @Nullable Thread owner;

  /** The block that was allocated last. */
  private long last;

  /** Its size; 0 iff it is not live or is in the table. Written after {@code last}. */
  private long lastSize;

  private final SizeTable table = new SizeTable();

  /** The block that its owner frees, {@link #IN_CALL}, or 0: its owner is not in a call. */
  @SuppressWarnings("UnusedVariable") // by its handle
  private long busy;

  /** What the owner has to do before its next call, and {@link #REVOKED}. By the monitor. */
  private int attention;

  /** What other threads freed. Guarded by the monitor. */
  private final RemoteFrees remoteFrees = new RemoteFrees();

  /** Calls in progress of the common tally. Guarded by the monitor. */
  private int calls;

  /** Mallocs by the power of two that is not less than their size. */
  final long[] histogram = new long[BUCKETS];

  long mallocs;

  /** The bytes of all mallocs. */
  long totalBytes;

  /** What was freed by this thread, whoever allocated it. */
  long frees;

  long freedBytes;
  long failures;

  /** The most that {@link #netBlocks} has been. */
  long peakNetBlocks;

  /** The most that {@link #netBytes} has been. */
  long peakNetBytes;

  /** Where the owner's share has changed enough to compare all shares with the peak. */
  private long noteAboveBytes = Long.MAX_VALUE;

  private long noteBelowBytes = Long.MIN_VALUE;
  private long noteAboveBlocks = Long.MAX_VALUE;

  /** Up to here a malloc has nothing to do about peaks: the lesser of peak and {@code note...}. */
  private long watchBytes;

  private long watchBlocks;

  /** Until so much is freed the share cannot have fallen below {@code noteBelowBytes}. */
  private long watchFreedBytes = Long.MAX_VALUE;

  Tally(@Nullable Thread owner) {
    this.owner = owner;
  }

  /** Makes each block have a serial: how many mallocs there have been. */
  void keepSerials() {
    table.keepSerials();
  }

  /**
   * Begins a call of the owner.
   *
   * @param call the block that it frees, or {@link #IN_CALL}
   * @return false, and it has not begun, iff there is more to do
   */
  boolean enter(long call) {
    BUSY.setOpaque(this, call);
    VarHandle.releaseFence(); // the store is before the load, for the compiler
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
    VarHandle.releaseFence();
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

  private synchronized void setDue() {
    attention |= DUE;
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
      setSize(address == last ? LAST : table.find(address), size);
      uncountFree(size);
    }
  }

  /** Says which block the owner frees. Others must not ask the inner about it meanwhile. */
  void setFreeing(long address) {
    BUSY.setRelease(this, address);
    VarHandle.releaseFence();
  }

  /** Needs no table: the block may be another thread's. */
  void countFree(long size) {
    frees++;
    freedBytes += size;
  }

  void uncountFree(long size) {
    frees--;
    freedBytes -= size;
  }

  /** Mallocs less frees. */
  long netBlocks() {
    return mallocs - frees;
  }

  long netBytes() {
    return totalBytes - freedBytes;
  }

  /** {@return the bucket of the histogram for a size} */
  static int bucketOf(long size) {
    return Long.SIZE - Long.numberOfLeadingZeros(size - 1);
  }

  /**
   * {@return where the size of a block is, for {@link #sizeAt}} By the owner, or if nothing moves.
   */
  int find(long address) {
    return address == last && lastSize != 0 ? LAST : table.find(address);
  }

  /** {@return a size that was found, or 0} */
  long sizeAt(int i) {
    return i == LAST ? lastSize : table.sizeAt(i);
  }

  private void setSize(int i, long size) {
    if (i == LAST) {
      lastSize = size;
    } else {
      table.setSize(i, size);
    }
  }

  /**
   * {@return the size of a block, or 0} Beside the owner, which moves the last block to the table.
   * Without the monitor it may miss what is there.
   */
  long sizeOf(long address) {
    if (last == address) {
      VarHandle.loadLoadFence();
      long size = lastSize;
      VarHandle.loadLoadFence();
      if (size != 0 && last == address) {
        return size;
      }
    }
    VarHandle.loadLoadFence();
    return table.sizeOf(address);
  }

  /**
   * Prepares a malloc: the last block is in the table. By the owner.
   *
   * @throws OutOfMemoryError if the table cannot grow; nothing has changed
   */
  void makeRoom() {
    if (lastSize != 0) {
      int i = put(last, lastSize);
      table.setSerial(i, mallocs); // none came after it
      VarHandle.storeStoreFence(); // whoever searches finds it at one place or at both
      lastSize = 0;
    }
  }

  /** Counts a block that was allocated, after {@link #makeRoom}. By the owner. */
  void add(long address, long size) {
    last = address;
    lastSize = size;
    count(size);
  }

  private void count(long size) {
    histogram[bucketOf(size)]++;
    long blocks = ++mallocs - frees;
    long bytes = (totalBytes += size) - freedBytes;
    if (blocks > watchBlocks || bytes > watchBytes) {
      raisePeak(blocks, bytes);
    }
  }

  private void raisePeak(long blocks, long bytes) {
    setPeak(Math.max(blocks, peakNetBlocks), Math.max(bytes, peakNetBytes));
    if (blocks > noteAboveBlocks || bytes > noteAboveBytes) {
      setDue();
    }
  }

  void setPeak(long blocks, long bytes) {
    peakNetBlocks = blocks;
    peakNetBytes = bytes;
    watchBlocks = Math.min(blocks, noteAboveBlocks);
    watchBytes = Math.min(bytes, noteAboveBytes);
  }

  /**
   * All shares were compared with the peak; {@link #isDue} when the share has changed by so much.
   */
  synchronized void noted(long blocks, long bytes) {
    noteAboveBlocks = netBlocks() + blocks;
    noteAboveBytes = netBytes() + bytes;
    noteBelowBytes = netBytes() - bytes;
    watchFreedBytes = totalBytes - noteBelowBytes;
    attention &= ~DUE;
    setPeak(peakNetBlocks, peakNetBytes);
  }

  /**
   * Counts the free of a block, which is not live from now on. By the owner.
   *
   * @param told what its size must be; 0: any
   * @return its size; 0 iff it is not here or has another size, and nothing has changed
   */
  long take(long address, long told) {
    long size = lastSize;
    if (address == last && size != 0) {
      if (told != 0 && told != size) {
        return 0;
      }
      lastSize = 0;
    } else {
      size = table.take(address, told);
      if (size == 0) {
        return 0;
      }
    }
    countFree(size);
    if (freedBytes > watchFreedBytes) {
      noteFrees();
    }
    return size;
  }

  /** Compares all shares at the next call if the owner's has fallen enough. */
  private void noteFrees() {
    if (totalBytes - freedBytes < noteBelowBytes) {
      setDue();
    }
    watchFreedBytes = totalBytes - noteBelowBytes;
  }

  /** Counts a block that was allocated. Needs the monitor; for the common tally. */
  void addCommon(long address, long size) {
    put(address, size);
    count(size);
  }

  /** Puts a block into the table; {@return its cell} By the owner, or under the monitor if none. */
  private int put(long address, long size) {
    int i = table.revive(address, size);
    return i >= 0 ? i : putSlow(address, size);
  }

  private int putSlow(long address, long size) {
    if (table.isFullFor(table.find(address))) {
      grow();
    }
    int i = table.find(address);
    restore(i, address, size);
    return i;
  }

  private synchronized void grow() {
    table.grow();
  }

  /**
   * Puts back a block whose free was refused. Takes no memory. By the owner, or under the monitor
   * if none.
   */
  void restore(long address, long size) {
    restore(table.find(address), address, size);
  }

  private void restore(int i, long address, long size) {
    long before = table.sizeAt(i);
    if (before != 0) {
      countFree(before); // somebody freed it behind this layer
    }
    table.put(i, address, size);
  }

  /** Counts blocks that are younger than a serial as freed. For a confined allocator. */
  void dropSince(long since) {
    if (mallocs > since) {
      drop(LAST); // no malloc came after it
    }
    for (int i = 0; i < table.end(); i += 2) {
      if (table.serialAt(i) > since) {
        drop(i);
      }
    }
  }

  /** Counts all blocks as freed. Needs the monitor. */
  void dropAll() {
    collect(); // no call is in progress
    drop(LAST);
    for (int i = 0; i < table.end(); i += 2) {
      drop(i);
    }
  }

  private void drop(int i) {
    long size = sizeAt(i);
    if (size != 0) {
      setSize(i, 0);
      countFree(size);
    }
  }

  /** Visits the address of every block. Needs the monitor. */
  void forEach(LongConsumer visitor) {
    visit(lastSize, last, visitor);
    for (int i = 0; i < table.end(); i += 2) {
      visit(table.sizeAt(i), table.addressAt(i), visitor);
    }
  }

  private void visit(long size, long address, LongConsumer visitor) {
    if (size != 0 && remoteFrees.find(address) < 0) {
      visitor.accept(address);
    }
  }
}
