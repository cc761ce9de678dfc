package org.jallocator.arena;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;

/**
 * The memory of an arena: its chunks, its blocks of their own, and the marks across both. The core
 * of {@link ArenaAllocator}, which it trusts to be asked by its owner alone.
 *
 * <p>Chunks in use are ordered by when they became current, blocks of their own by when they were
 * handed out. A mark is a place in both orders, and what lies behind it was handed out since. That
 * is why a chunk with a mark in it keeps its place even when it is empty, while any other chunk
 * that loses its last block is spare at once.
 *
 * <pre>
 *   chunk length == min(chunkSize, maxSize), rounded down to alignment
 *   a block of up to half a chunk is in a chunk, any other is of its own
 * </pre>
 */
abstract class ArenaMemory extends ArenaReserve {

  static final long MAX_ALIGNMENT = 1L << 30;

  /** The most that a chunk is a multiple of its alignment, so that an int counts its granules. */
  static final long MAX_GRANULES = 1L << 30;

  /** What mallocs are served from; its youngest block is the arena's, among those in chunks. */
  private Chunk chunk = Chunk.EMPTY;

  private Chunks chunks = Chunks.NONE;
  private MarkStack marks = MarkStack.NONE;

  /** The length of a chunk in granules. */
  private final int capacity;

  /**
   * Holds nothing yet.
   *
   * @param inner where memory comes from
   * @param chunkSize in bytes, valid together with alignment
   * @param alignment in bytes
   * @throws IllegalArgumentException if the inner's largest block has no room for an aligned one
   */
  ArenaMemory(Allocator inner, long chunkSize, long alignment) {
    super(inner, alignment);
    capacity = (int) (Math.min(chunkSize, maxSize) >>> shift);
  }

  /**
   * Checks what an arena is asked to be.
   *
   * @throws IllegalArgumentException if a size is out of its range
   */
  static void requireValid(long chunkSize, long alignment) {
    require(
        Long.bitCount(alignment) == 1 && alignment > 0,
        "alignment is not a power of two",
        "alignment",
        alignment,
        MAX_ALIGNMENT);
    require(
        alignment <= MAX_ALIGNMENT,
        "alignment is too large",
        "alignment",
        alignment,
        MAX_ALIGNMENT);
    require(chunkSize >= 1, "chunkSize is less than one byte", "chunkSize", chunkSize, 1);
    require(
        chunkSize <= MAX_GRANULES * alignment,
        "chunkSize is too large for its alignment",
        "chunkSize",
        chunkSize,
        MAX_GRANULES * alignment);
  }

  private static void require(boolean holds, String rule, String name, long value, long limit) {
    if (!holds) {
      throw new IllegalArgumentException(
          ArenaAllocator.NAME + ": " + rule + ": " + name + "=" + value + ", limit=" + limit);
    }
  }

  /** {@return the bytes of a chunk, 0 where the inner serves too little for one} */
  final long chunkSize() {
    return (long) capacity << shift;
  }

  /** Hands out a block of the current chunk, or returns NULL where that cannot serve the size. */
  final long bump(long size) {
    return chunk.bump(size);
  }

  /**
   * Hands out a block that the current chunk cannot serve, or returns NULL where the inner has no
   * memory.
   *
   * @param size from 1 to maxSize
   * @throws OutOfMemoryError if the inner or the Java heap has no memory; nothing has changed
   */
  final long bumpSlow(long size) {
    long length = blockLength(size);
    if (length > chunkSize() / 2) {
      return takeBlock(length, marks);
    }
    return takeChunk() ? chunk.bump(size) : Allocator.NULL;
  }

  private boolean takeChunk() {
    if (chunks == Chunks.NONE) {
      chunks = new Chunks();
    }
    Chunk next = chunks.takeSpare();
    if (next == Chunk.EMPTY) {
      next = new Chunk(capacity, shift);
      if (!takeMemory(next)) {
        return false;
      }
    }
    next.linkAfter(chunk);
    chunk = next;
    return true;
  }

  private boolean takeMemory(Chunk next) {
    chunks.reserve();
    long innerSize = chunkSize() + slack;
    long innerAddress = take(innerSize);
    if (innerAddress == Allocator.NULL) {
      return false;
    }
    next.occupy(innerAddress, innerSize);
    chunks.add(next);
    return true;
  }

  /** Frees a live block of the current chunk; returns false where the address is none. */
  final boolean bumpBack(long address) {
    Chunk chunk = this.chunk;
    int granule = chunk.find(address);
    if (granule < 0) {
      return false;
    }
    chunk.free(granule);
    return true;
  }

  /**
   * Frees a block that is not a live one of the current chunk.
   *
   * @return false iff the address is not in this memory
   * @throws InvalidFreeException if it is, but is no live block's
   */
  final boolean bumpBackSlow(long address) {
    Chunk chunk = chunks.find(address);
    if (chunk != Chunk.EMPTY) {
      freeIn(chunk, address);
      return true;
    }
    int index = findBlock(address);
    if (index < 0) {
      return false;
    }
    if (address != blockAddress(index)) {
      throw new InvalidFreeException(Reason.NOT_A_BLOCK, ArenaAllocator.NAME, address);
    }
    giveBlock(index, marks.blocksFloor());
    return true;
  }

  /** Frees a block in a chunk that is not the current one, or finds out why it cannot. */
  private void freeIn(Chunk chunk, long address) {
    int granule = chunk.find(address);
    if (granule < 0) {
      throw new InvalidFreeException(chunk.reason(address), ArenaAllocator.NAME, address);
    }
    chunk.free(granule);
    if (chunk.blocks() == 0 && !chunk.isMarked()) {
      chunks.retire(chunk);
    }
  }

  /** {@return the length in bytes of the live block at an address, 0 where there is none} */
  final long liveLength(long address) {
    Chunk chunk = this.chunk.contains(address) ? this.chunk : chunks.find(address);
    int granule = chunk.find(address);
    if (granule >= 0) {
      return (long) chunk.length(granule) << shift;
    }
    int index = findBlock(address);
    return index >= 0 && address == blockAddress(index) ? blockLength(index) : 0;
  }

  /** {@return whether an address is in this memory} */
  final boolean holds(long address) {
    return chunk.contains(address)
        || chunks.find(address) != Chunk.EMPTY
        || findBlock(address) >= 0;
  }

  /** Takes a mark and returns its number. */
  final long pushMark() {
    if (marks == MarkStack.NONE) {
      marks = new MarkStack();
    }
    long mark = marks.push(chunk, chunk.top(), blockEntries());
    if (chunk != Chunk.EMPTY) {
      chunk.mark();
    }
    return mark;
  }

  /** Frees what was handed out since a mark; returns false, and does nothing, where it is stale. */
  final boolean releaseMark(long mark) {
    int index = marks.indexOf(mark);
    if (index < 0) {
      return false;
    }
    Chunk marked = marks.chunk(index);
    int granule = marks.granule(index);
    int blocks = marks.blocks(index);
    marks.truncate(index);
    chunks.retireNewer(chunk, marked);
    chunk = marked;
    if (marked != Chunk.EMPTY) {
      marked.release(granule, marks.floorIn(marked));
    }
    giveBlocks(blocks);
    throwRefusal();
    return true;
  }

  /** Frees every block, forgets every mark, and keeps one chunk. */
  final void giveAll() {
    marks.truncate(0);
    giveChunks(chunk != Chunk.EMPTY || chunks.count() == 0 ? chunk : chunks.get(0));
    giveBlocks(0);
    throwRefusal();
  }

  /** Gives everything back, where no block is live. */
  final void giveRest() {
    marks.truncate(0);
    giveChunks(Chunk.EMPTY);
    throwRefusal();
  }

  private void giveChunks(Chunk kept) {
    if (chunks.count() == 0) {
      return;
    }
    for (int index = chunks.count() - 1; index >= 0; index--) {
      Chunk chunk = chunks.get(index);
      if (chunk != kept && tryGive(chunk.innerAddress(), chunk.innerSize())) {
        chunks.remove(index);
      }
    }
    chunks.restart(kept);
    chunk = kept;
  }

  /** {@return how many blocks are live} */
  final long liveBlocks() {
    return chunks.blocks() + blocks();
  }

  private long liveBytes() {
    long bytes = chunks.liveGranules() << shift;
    for (int index = 0; index < blockEntries(); index++) {
      if (isLive(index)) {
        bytes += blockLength(index);
      }
    }
    return bytes;
  }

  final AllocatorStats snapshot() {
    long held = (long) chunks.count() + blocks();
    return new AllocatorStats(
        liveBlocks(), liveBytes(), reserved(), peakReserved(), innerFrees() + held, innerFrees());
  }

  /** {@return what to throw where blocks are live at the end} */
  final LeakException leak() {
    long[] addresses = new long[(int) Math.min(liveBlocks(), LeakException.MAX_ADDRESSES)];
    int found = chunks.addresses(addresses);
    for (int index = 0; found < addresses.length; index++) {
      if (isLive(index)) {
        addresses[found++] = blockAddress(index);
      }
    }
    return new LeakException(ArenaAllocator.NAME, liveBlocks(), liveBytes(), addresses);
  }
}
