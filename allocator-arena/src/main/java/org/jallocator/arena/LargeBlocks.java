package org.jallocator.arena;

import java.util.Arrays;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackRoom;

/**
 * The large blocks of an arena: each is an inner block of its own.
 *
 * <p>The list is one array, oldest block first, two words an entry: inner address and inner size.
 * As long as there are no more than two entries they are fields, and there is no array. A block
 * that is freed leaves an empty entry, of size 0, so that what was handed out since a mark is
 * always the tail. Empty entries at the end go at once, the others when the array is full and over
 * half of it is empty. Few entries are scanned for an address; for more there is a {@link
 * ChunkTable}, whose room is reserved along with the array's, so that a free needs no heap.
 *
 * <pre>
 *   live == number of entries of another size than 0
 *   liveBytes == sum of the lengths of their blocks
 * </pre>
 *
 * <p>Any thread reads these two figures, and nothing else here: entries move, and an entry behind
 * the last one has the size of a block that went.
 *
 * <p>Whoever calls a method here that changes something has asked for {@link StackRoom}.
 */
abstract class LargeBlocks extends ArenaAccount {

  private static final long[] NO_ENTRIES = {};

  /** What the reference's use needs, an arena per task, two blocks each. */
  private static final int IN_FIELDS = 2;

  private static final int SCANNED = 8;

  private long firstAddress;
  private long firstSize;
  private long secondAddress;
  private long secondSize;
  private long[] entries = NO_ENTRIES;
  private int count;
  private int live;
  private long liveBytes;
  private ChunkTable table = ChunkTable.EMPTY;

  /**
   * Whether the arena never held more than two blocks at once, all large, freed none of them by
   * itself, never marked, and has an inner with books of sizes.
   */
  boolean isSimple;

  /**
   * Holds nothing yet.
   *
   * @param inner where memory comes from
   * @param alignment in bytes
   * @throws IllegalArgumentException if the inner's largest block has no room for an aligned one
   */
  LargeBlocks(Allocator inner, long alignment) {
    super(inner, alignment);
    isSimple = innerKnowsSizes;
  }

  /**
   * Hands out a large block, or returns NULL where the inner has no memory.
   *
   * @throws OutOfMemoryError if the Java heap has no room; nothing has changed
   */
  final long takeBlock(long length, MarkStack marks) {
    if (count >= IN_FIELDS && 2 * count >= entries.length) {
      StackRoom.require();
      makeRoom(marks);
    }
    long innerSize = length + slack;
    long innerAddress = take(innerSize);
    if (innerAddress == Allocator.NULL) {
      return Allocator.NULL;
    }
    // No call until the block is in the books.
    int count = this.count;
    if (entries != NO_ENTRIES) {
      entries[2 * count] = innerAddress;
      entries[2 * count + 1] = innerSize;
    } else if (count == 0) {
      firstAddress = innerAddress;
      firstSize = innerSize;
    } else {
      secondAddress = innerAddress;
      secondSize = innerSize;
    }
    this.count = count + 1;
    live++;
    liveBytes += length;
    reserved += innerSize;
    innerMallocs++;
    try {
      AllocatorEvents.pageTaken(ArenaAllocator.NAME, innerAddress, innerSize);
    } catch (StackOverflowError e) {
      // Nobody is told; the block is the user's all the same.
    }
    return (innerAddress + (1L << shift) - 1) & -(1L << shift);
  }

  private void makeRoom(MarkStack marks) {
    if (count - live > count / 2 && entries != NO_ENTRIES) {
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
    long[] more = Arrays.copyOf(entries, 2 * capacity);
    if (entries == NO_ENTRIES) {
      more[0] = firstAddress;
      more[1] = firstSize;
      more[2] = secondAddress;
      more[3] = secondSize;
    }
    entries = more;
    isSimple = false;
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
    table.clear();
  }

  /** {@return the entries for large blocks, empty ones included} */
  final int blockEntries() {
    return count;
  }

  /** {@return the live large blocks} Any thread may ask. */
  final int blocks() {
    return live;
  }

  private void setEmpty(int index) {
    if (entries != NO_ENTRIES) {
      entries[2 * index + 1] = 0;
    } else if (index == 0) {
      firstSize = 0;
    } else {
      secondSize = 0;
    }
  }

  private long innerAddress(int index) {
    long[] entries = this.entries;
    if (entries != NO_ENTRIES) {
      return entries[2 * index];
    }
    return index == 0 ? firstAddress : secondAddress;
  }

  private long innerSize(int index) {
    long[] entries = this.entries;
    if (entries != NO_ENTRIES) {
      return entries[2 * index + 1];
    }
    return index == 0 ? firstSize : secondSize;
  }

  final boolean isLive(int index) {
    return innerSize(index) != 0;
  }

  /** {@return the address of a large block} */
  final long blockAddress(int index) {
    return align(innerAddress(index));
  }

  /** {@return the length in bytes of a large block} */
  final long blockLength(int index) {
    return innerSize(index) - slack;
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
    return Long.compareUnsigned(address - innerAddress(index), innerSize(index)) < 0;
  }

  /**
   * Gives a large block back, unless the inner refuses.
   *
   * @param index its entry
   * @param floor the entries that keep their places even where they are empty
   */
  final void giveBlock(int index, int floor) {
    if (giveEntry(index)) {
      remove(index);
      while (count > floor && !isLive(count - 1)) {
        pop();
      }
    }
  }

  private void remove(int index) {
    table.remove(entries, index);
    uncount(index);
    setEmpty(index);
    isSimple = false;
  }

  private void pop() {
    count--;
    table.removeLast(entries, count);
    if (isLive(count)) {
      uncount(count);
    }
  }

  private void uncount(int index) {
    live--;
    liveBytes -= blockLength(index);
  }

  /**
   * Gives all blocks back of an arena that is simple and that nobody listens to; those that the
   * inner refuses stay live. No loop, and few questions: of more code the compiler would make a
   * call, and an arena that is passed to a call must be put into memory.
   *
   * @return false if it is not, and nothing has changed
   */
  final boolean giveFewBlocks() {
    if (!isSimple || AllocatorEvents.areHeard()) {
      return false;
    }
    if (count == IN_FIELDS) {
      if (!giveUnheard(secondAddress, secondSize)) {
        giveOlderBlocks(0, 0);
        return true;
      }
      count = 1;
      live = 1;
      liveBytes = firstSize - slack;
    }
    if (count == 1 && giveUnheard(firstAddress, firstSize)) {
      count = 0;
      live = 0;
      liveBytes = 0;
    }
    return true;
  }

  /** Gives large blocks back from an entry on; those that the inner refuses stay live. */
  final void giveBlocks(int from) {
    int index = count - 1;
    while (index >= from && (!isLive(index) || giveEntry(index))) {
      pop();
      index--;
    }
    giveOlderBlocks(from, index - 1);
  }

  private void giveOlderBlocks(int from, int youngest) {
    for (int index = youngest; index >= from; index--) {
      if (isLive(index) && giveEntry(index)) {
        remove(index);
      }
    }
  }

  private boolean giveEntry(int index) {
    return give(innerAddress(index), innerSize(index));
  }

  /** Stores the addresses of large blocks from an index on, and returns the next index. */
  final int blockAddresses(long[] addresses, int index) {
    int next = index;
    for (int entry = 0; next < addresses.length && entry < count; entry++) {
      if (isLive(entry)) {
        addresses[next++] = blockAddress(entry);
      }
    }
    return next;
  }

  /** {@return the bytes of the live large blocks} Any thread may ask. */
  final long blockBytes() {
    return liveBytes;
  }
}
