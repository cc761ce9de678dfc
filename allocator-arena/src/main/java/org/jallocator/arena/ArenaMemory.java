package org.jallocator.arena;

import java.lang.invoke.VarHandle;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.StackRoom;

/**
 * The memory of an arena: its chunks, its large blocks, and the marks across both. The core of
 * {@link ArenaAllocator}, which it trusts to be asked by its owner alone.
 *
 * <p>Chunks in use are ordered by when they became current, large blocks by when they were handed
 * out. A mark is a place in both orders, and what lies behind it was handed out since. That is why
 * a chunk with a mark in it keeps its place even when it is empty, while any other chunk that loses
 * its last block is spare at once.
 *
 * <pre>
 *   chunk length == min(chunkSize, maxSize), rounded down to alignment
 *   a block of up to half a chunk is in a chunk, any other is large
 * </pre>
 *
 * <p>Only {@link #bump} and {@link #bumpBack} change something without a question for {@link
 * StackRoom}: they make one change, and no call behind it. All other methods that change something
 * ask first, so that the stack overflows there, or in the inner before that did anything. What
 * needs the Java heap is made before the inner is asked for memory.
 */
abstract class ArenaMemory extends LargeBlocks {

  static final long MAX_ALIGNMENT = 1L << 30;

  /** The most that a chunk is a multiple of its alignment, so that an int counts its granules. */
  static final long MAX_GRANULES = 1L << 30;

  /** What mallocs are served from; its youngest block is the arena's, among those in chunks. */
  private Chunk chunk = Chunk.EMPTY;

  private Chunks chunks = Chunks.NONE;
  private MarkStack marks = MarkStack.NONE;

  /** The length of a chunk in granules. */
  private final int capacity;

  /** How many bytes of chunks freeAll keeps at the most, one chunk apart. */
  private final long retain;

  /**
   * Holds nothing yet.
   *
   * @param inner where memory comes from
   * @param chunkSize in bytes, valid together with alignment
   * @param alignment in bytes
   * @param retain in bytes
   * @throws IllegalArgumentException if the inner's largest block has no room for an aligned one
   */
  ArenaMemory(Allocator inner, long chunkSize, long alignment, long retain) {
    super(inner, alignment);
    capacity = (int) (Math.min(chunkSize, maxSize) >>> shift);
    this.retain = retain;
  }

  /**
   * Checks what an arena is asked to be.
   *
   * @throws IllegalArgumentException if a size is out of its range
   */
  static void requireValid(long chunkSize, long alignment, long retain) {
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
    require(retain >= 0, "retain is negative", "retain", retain, 0);
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

  /** {@return how many bytes of chunks freeAll keeps at the most} */
  final long retain() {
    return retain;
  }

  /** Hands out a block of the current chunk, or returns NULL where that cannot serve the size. */
  final long bump(long size) {
    return chunk == Chunk.EMPTY ? Allocator.NULL : chunk.bump(size);
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
    StackRoom.require();
    return takeChunk() ? chunk.bump(size) : Allocator.NULL;
  }

  private boolean takeChunk() {
    if (chunks == Chunks.NONE) {
      Chunks first = new Chunks();
      VarHandle.storeStoreFence(); // any thread may find them, in snapshot
      chunks = first;
    }
    isSimple = false;
    Chunk spare = chunks.spare();
    Chunk next = spare == Chunk.EMPTY ? new Chunk(capacity, shift) : spare;
    if (next != spare && !takeMemory(next)) {
      return false;
    }
    chunks.use(next, chunk);
    chunk = next;
    if (next != spare) {
      AllocatorEvents.pageTaken(ArenaAllocator.NAME, next.innerAddress(), next.innerSize());
    }
    return true;
  }

  private boolean takeMemory(Chunk next) {
    chunks.reserve();
    long innerSize = chunkSize() + slack;
    long innerAddress = take(innerSize);
    if (innerAddress == Allocator.NULL) {
      return false;
    }
    reserved += innerSize;
    innerMallocs++;
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
    StackRoom.requireForStack();
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
      throw invalid(Reason.NOT_A_BLOCK, address);
    }
    giveBlock(index, marks.blocksFloor());
    throwCollected();
    return true;
  }

  /** Frees a block in a chunk that is not current, or finds out why any chunk has no such block. */
  private void freeIn(Chunk chunk, long address) {
    int granule = chunk.find(address);
    if (granule < 0) {
      throw invalid(chunk.reason(address), address);
    }
    chunk.free(granule);
    if (chunk.isIdle()) {
      chunks.retire(chunk);
    }
  }

  private static InvalidFreeException invalid(Reason reason, long address) {
    return AllocatorEvents.invalidFree(
        ArenaAllocator.NAME, new InvalidFreeException(reason, ArenaAllocator.NAME, address));
  }

  /** {@return the length in bytes of the live block at an address, 0 where there is none} */
  final long liveLength(long address) {
    StackRoom.require();
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
    StackRoom.require();
    return chunk.contains(address)
        || chunks.find(address) != Chunk.EMPTY
        || findBlock(address) >= 0;
  }

  /**
   * Makes sure that the stack has room to give back several chunks and blocks: to be called before
   * the first change. If the compiler inlines the inner, it makes the inner's own check at the
   * entry of one of our methods: an overflow there would end the work in the middle.
   */
  static void requireRoomToGiveBack() {
    StackRoom.requireAboveStack();
  }

  /** Takes a mark and returns its number. */
  final long pushMark() {
    StackRoom.require();
    isSimple = false;
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
    requireRoomToGiveBack();
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
    throwCollected();
    return true;
  }

  /** Frees every block, forgets every mark, and keeps the chunks that the next round needs. */
  final void giveAll() {
    requireRoomToGiveBack();
    if (!giveFewBlocks()) {
      giveAllSlow();
    }
    throwCollected();
  }

  private void giveAllSlow() {
    marks.truncate(0);
    if (chunks.count() > 0) {
      chunk = chunk == Chunk.EMPTY ? chunks.get(0) : chunk;
      chunks.restart(chunk, (int) Math.min(Integer.MAX_VALUE, retain / chunkSize()), this);
    }
    giveBlocks(0);
  }

  /** Gives all chunks back without a live block and without a mark; {@return their bytes} */
  final long giveIdle() {
    requireRoomToGiveBack();
    long before = reserved;
    if (chunks.count() > 0) {
      chunk = chunks.trim(chunk, this);
    }
    long given = before - reserved;
    throwCollected();
    return given;
  }

  /** Gives everything back; {@return whether the inner took all} Throws nothing of the inner's. */
  final boolean giveEverything() {
    marks.truncate(0);
    if (chunks.count() > 0) {
      chunk = chunk == Chunk.EMPTY ? chunks.get(0) : chunk;
      chunks.restart(chunk, 1, this);
      chunk = chunks.trim(chunk, this);
    }
    giveBlocks(0);
    return reserved == 0;
  }

  /** {@return how many blocks are live} */
  final long liveBlocks() {
    return chunks.blocks() + blocks();
  }

  private long liveBytes() {
    return (chunks.liveGranules() << shift) + blockBytes();
  }

  /** {@return the figures} Any thread may ask: what is being changed may count or not. */
  final AllocatorStats snapshot() {
    return figures(liveBlocks(), liveBytes());
  }

  /** {@return the addresses of some live blocks} */
  final long[] addresses(int limit) {
    long[] addresses = new long[(int) Math.min(liveBlocks(), Math.max(0, limit))];
    blockAddresses(addresses, chunks.addresses(addresses));
    return addresses;
  }

  /** {@return what to throw where blocks are live at the end} */
  final LeakException leak() {
    return new LeakException(
        ArenaAllocator.NAME, liveBlocks(), liveBytes(), addresses(LeakException.MAX_ADDRESSES));
  }
}
