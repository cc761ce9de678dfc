package org.jallocator.arena;

import java.util.Arrays;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * What an arena holds from its inner allocator: takes memory with enough slack to align it, gives
 * it back, keeps count, and lists the blocks that have an inner block of their own.
 *
 * <p>A superclass and not a part of the arena, so that an arena is one object: where one is made
 * for two blocks and dies, a second object costs as much as a block does.
 *
 * <p>The list is one array, oldest block first, two words an entry: inner address and inner size. A
 * block that is freed leaves an empty entry, of size 0, so that what was handed out since a mark is
 * always the tail. Empty entries at the end go at once, the others when the array is full and over
 * half of it is empty. Few entries are scanned for an address; for more there is a {@link
 * ChunkTable}, whose room is reserved along with the array's, so that a free needs no heap.
 *
 * <pre>
 *   slack == max(0, alignment - inner.alignment)
 *   maxSize == inner.maxSize - slack
 *   reserved == sum of the inner sizes of all that was taken and not given back
 *   empty == number of entries of size 0
 * </pre>
 *
 * <p>Where much is given back at once, one refusal of the inner does not keep the rest: refusals
 * are collected and thrown at the end.
 */
abstract class ArenaReserve {

  /** The base-2 logarithm of the alignment. */
  final int shift;

  /** What is taken from the inner beyond a length, in bytes, to align by hand. */
  final int slack;

  final long maxSize;

  private static final long[] NO_ENTRIES = {};

  /** What the reference's use needs: an arena per task, two blocks each. */
  private static final int MIN_CAPACITY = 2;

  private static final int SCANNED = 8;

  private final Allocator inner;
  private long reserved;

  /** The most that was reserved, as of the last time that memory was given back. */
  private long peakReserved;

  private long innerFrees;
  private long[] entries = NO_ENTRIES;
  private int count;
  private int empty;
  private ChunkTable table = ChunkTable.EMPTY;
  private @Nullable Throwable refusal;

  /**
   * Holds nothing yet, and asks nothing of the inner but its limits.
   *
   * @param inner where memory comes from
   * @param alignment in bytes, a power of two up to 2^30
   * @throws IllegalArgumentException if the inner's largest block has no room for an aligned one
   */
  ArenaReserve(Allocator inner, long alignment) {
    this.inner = inner;
    shift = Long.numberOfTrailingZeros(alignment);
    slack = (int) Math.max(0, alignment - inner.alignment());
    maxSize = inner.maxSize() - slack;
    if (maxSize < 1) {
      throw noRoom(alignment);
    }
  }

  private IllegalArgumentException noRoom(long alignment) {
    return new IllegalArgumentException(
        ArenaAllocator.NAME
            + ": alignment leaves no room in what the inner serves: alignment="
            + alignment
            + ", limit="
            + (inner.maxSize() - 1 + inner.alignment()));
  }

  /** {@return the first aligned address at or after an inner address} */
  final long align(long innerAddress) {
    return (innerAddress + (1L << shift) - 1) & -(1L << shift);
  }

  /**
   * {@return the length in bytes of a block for a size up to maxSize} A multiple of the alignment;
   * the largest blocks alone are not, where maxSize is none.
   */
  final long blockLength(long size) {
    long length = align(size);
    return length < 1 ? maxSize : Math.min(length, maxSize);
  }

  /** Takes memory from the inner; returns NULL where that has none. */
  final long take(long innerSize) {
    long innerAddress = inner.tryMalloc(innerSize);
    if (innerAddress != Allocator.NULL) {
      reserved += innerSize;
    }
    return innerAddress;
  }

  /** Gives memory back to the inner; where the inner throws, it is still held. */
  final void give(long innerAddress, long innerSize) {
    inner.free(innerAddress, innerSize);
    peakReserved = Math.max(peakReserved, reserved);
    reserved -= innerSize;
    innerFrees++;
  }

  /** Gives memory back as {@link #give} does, or remembers the refusal and returns false. */
  final boolean tryGive(long innerAddress, long innerSize) {
    try {
      give(innerAddress, innerSize);
      return true;
    } catch (RuntimeException | Error e) {
      remember(e);
      return false;
    }
  }

  private void remember(Throwable e) {
    if (refusal == null) {
      refusal = e;
    } else if (refusal != e) {
      refusal.addSuppressed(e);
    }
  }

  /**
   * Throws the first refusal that was remembered, with the later ones suppressed, and forgets it.
   */
  final void throwRefusal() {
    Throwable first = refusal;
    refusal = null;
    if (first instanceof RuntimeException e) {
      throw e;
    }
    if (first instanceof Error e) {
      throw e;
    }
  }

  final long reserved() {
    return reserved;
  }

  final long peakReserved() {
    return Math.max(peakReserved, reserved);
  }

  final long innerFrees() {
    return innerFrees;
  }

  /**
   * Hands out a block of its own, or returns NULL where the inner has no memory.
   *
   * @throws OutOfMemoryError if the Java heap has no room; nothing has changed
   */
  final long takeBlock(long length, MarkStack marks) {
    if (2 * count == entries.length) {
      makeRoom(marks);
    }
    long innerSize = length + slack;
    long innerAddress = take(innerSize);
    if (innerAddress == Allocator.NULL) {
      return Allocator.NULL;
    }
    entries[2 * count] = innerAddress;
    entries[2 * count + 1] = innerSize;
    count++;
    return align(innerAddress);
  }

  private void makeRoom(MarkStack marks) {
    if (count == 0) {
      entries = new long[2 * MIN_CAPACITY];
    } else if (empty > count / 2) {
      compact(marks);
    } else {
      grow(Math.max(SCANNED, 2 * count));
    }
  }

  private void grow(int capacity) {
    if (capacity > SCANNED) {
      ChunkTable enough = table == ChunkTable.EMPTY ? new ChunkTable() : table;
      enough.reserve(entries, capacity);
      table = enough;
    }
    entries = Arrays.copyOf(entries, 2 * capacity);
  }

  private void compact(MarkStack marks) {
    int kept = 0;
    int mark = 0;
    for (int index = 0; index < count; index++) {
      while (mark < marks.depth() && marks.blocks(mark) == index) {
        marks.moveBlocks(mark++, kept);
      }
      if (isLive(index)) {
        entries[2 * kept] = entries[2 * index];
        entries[2 * kept + 1] = entries[2 * index + 1];
        kept++;
      }
    }
    while (mark < marks.depth()) {
      marks.moveBlocks(mark++, kept);
    }
    count = kept;
    empty = 0;
    table.clear();
  }

  /** {@return the entries for blocks of their own, empty ones included} */
  final int blockEntries() {
    return count;
  }

  /** {@return the live blocks of their own} */
  final int blocks() {
    return count - empty;
  }

  final boolean isLive(int index) {
    return entries[2 * index + 1] != 0;
  }

  /** {@return the address of a block of its own} */
  final long blockAddress(int index) {
    return align(entries[2 * index]);
  }

  /** {@return the length in bytes of a block of its own} */
  final long blockLength(int index) {
    return entries[2 * index + 1] - slack;
  }

  /** {@return the entry in whose inner block an address lies, or -1} */
  final int findBlock(long address) {
    int youngest = count - 1;
    if (youngest < 0 || contains(youngest, address)) {
      return youngest;
    }
    return count <= SCANNED ? scan(address) : table.find(entries, count, address);
  }

  private int scan(long address) {
    int index = count - 2;
    while (index >= 0 && !contains(index, address)) {
      index--;
    }
    return index;
  }

  private boolean contains(int index, long address) {
    return Long.compareUnsigned(address - entries[2 * index], entries[2 * index + 1]) < 0;
  }

  /**
   * Gives a block of its own back.
   *
   * @param index its entry
   * @param floor the entries that keep their places even where they are empty
   */
  final void giveBlock(int index, int floor) {
    give(entries[2 * index], entries[2 * index + 1]);
    remove(index);
    while (count > floor && !isLive(count - 1)) {
      pop();
    }
  }

  private void remove(int index) {
    table.remove(entries, index);
    entries[2 * index + 1] = 0;
    empty++;
  }

  private void pop() {
    count--;
    table.removeLast(entries, count);
    if (!isLive(count)) {
      empty--;
    }
  }

  /**
   * Gives all blocks of their own back from an entry on; those that the inner refuses stay live.
   */
  final void giveBlocks(int from) {
    if (table == ChunkTable.EMPTY && empty == 0) {
      giveFewBlocks(from);
    } else {
      giveManyBlocks(from);
    }
  }

  /** One pass, counted once: for the arena that was made for a few blocks and ends. */
  private void giveFewBlocks(int from) {
    Allocator inner = this.inner;
    long[] entries = this.entries;
    long given = 0;
    int index = count;
    try {
      while (index > from) {
        long innerSize = entries[2 * index - 1];
        inner.free(entries[2 * index - 2], innerSize);
        given += innerSize;
        index--;
      }
    } catch (RuntimeException | Error e) {
      remember(e);
    }
    peakReserved = Math.max(peakReserved, reserved);
    reserved -= given;
    innerFrees += count - index;
    count = index;
    if (index > from) {
      giveOlderBlocks(from, index - 1);
    }
  }

  private void giveManyBlocks(int from) {
    for (int index = count - 1; index >= from; index--) {
      if (isLive(index) && !tryGive(entries[2 * index], entries[2 * index + 1])) {
        giveOlderBlocks(from, index);
        return;
      }
      pop();
    }
  }

  private void giveOlderBlocks(int from, int refused) {
    for (int index = refused - 1; index >= from; index--) {
      if (isLive(index) && tryGive(entries[2 * index], entries[2 * index + 1])) {
        remove(index);
      }
    }
  }
}
