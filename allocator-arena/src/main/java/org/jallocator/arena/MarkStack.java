package org.jallocator.arena;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The marks of one arena that are good, oldest first, and where each was taken: in which chunk, at
 * which granule of it, and after how many entries of {@link LargeBlocks}.
 *
 * <p>A mark is a number that no arena in this process issues twice, so that one which is stale, of
 * another arena, or invented is recognised. An arena takes numbers from the common counter a range
 * at a time and only once it marks. Numbers grow up the stack: the youngest mark is found at once,
 * an older one by binary search.
 *
 * <p>Confined to its owner thread, as the arena is. {@link #NONE} alone is shared, and never
 * written.
 */
final class MarkStack {

  /** The marks of an arena that never marked. */
  static final MarkStack NONE = new MarkStack(0);

  private static final int MIN_CAPACITY = 4;
  private static final int RANGE = 256;

  /** The first number that no arena has taken; 0 is never a mark. */
  private static final AtomicLong UNTAKEN = new AtomicLong(1);

  private long[] numbers;
  private Chunk[] chunks;
  private int[] granules;
  private int[] blocks;
  private int depth;
  private long nextNumber;
  private long endNumber;

  /** Makes an empty stack. */
  MarkStack() {
    this(MIN_CAPACITY);
  }

  private MarkStack(int capacity) {
    numbers = new long[capacity];
    chunks = new Chunk[capacity];
    granules = new int[capacity];
    blocks = new int[capacity];
  }

  /** {@return how many marks are good} */
  int depth() {
    return depth;
  }

  /**
   * Adds a mark and returns its number.
   *
   * @param chunk the current chunk
   * @param granule its top
   * @param entries how many entries there are for blocks of their own
   * @throws OutOfMemoryError if the Java heap has no room; nothing has changed
   */
  long push(Chunk chunk, int granule, int entries) {
    if (depth == numbers.length) {
      grow();
    }
    if (nextNumber == endNumber) {
      nextNumber = UNTAKEN.getAndAdd(RANGE);
      endNumber = nextNumber + RANGE;
    }
    long number = nextNumber++;
    numbers[depth] = number;
    chunks[depth] = chunk;
    granules[depth] = granule;
    blocks[depth] = entries;
    depth++;
    return number;
  }

  private void grow() {
    int capacity = 2 * depth;
    long[] moreNumbers = Arrays.copyOf(numbers, capacity);
    Chunk[] moreChunks = Arrays.copyOf(chunks, capacity);
    int[] moreGranules = Arrays.copyOf(granules, capacity);
    blocks = Arrays.copyOf(blocks, capacity);
    granules = moreGranules;
    chunks = moreChunks;
    numbers = moreNumbers;
  }

  /** {@return the place of a mark, 0 for the oldest; negative where it is not good} */
  int indexOf(long number) {
    int youngest = depth - 1;
    if (youngest >= 0 && numbers[youngest] == number) {
      return youngest;
    }
    return Arrays.binarySearch(numbers, 0, depth, number);
  }

  Chunk chunk(int index) {
    return chunks[index];
  }

  int granule(int index) {
    return granules[index];
  }

  int blocks(int index) {
    return blocks[index];
  }

  /** {@return the entry below which blocks of their own are older than every good mark's scope} */
  int blocksFloor() {
    return depth == 0 ? 0 : blocks[depth - 1];
  }

  /**
   * {@return where the youngest mark is in a chunk, or -1 where it is in another or none is good}
   */
  int floorIn(Chunk chunk) {
    return depth > 0 && chunks[depth - 1] == chunk ? granules[depth - 1] : -1;
  }

  /** Moves a mark, after entries below it have gone. */
  void moveBlocks(int index, int entries) {
    blocks[index] = entries;
  }

  /** Ends all marks from a place on. */
  void truncate(int index) {
    if (index < depth) {
      Arrays.fill(chunks, index, depth, null);
      depth = index;
    }
  }
}
