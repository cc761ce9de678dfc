package org.jallocator.torture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jallocator.AllocatorStats;

/**
 * The model of an allocator: the blocks that it handed out and did not get back.
 *
 * <pre>
 *   live &lt;= liveBlocks of the allocator &lt;= live + doubtful
 * </pre>
 */
final class Blocks {

  /** A block in the hands of the program. */
  static final class Block {
    final long address;
    final long size;
    final long good;
    final long serial;
    private int index;

    private Block(long address, long size, long good, long serial) {
      this.address = address;
      this.size = size;
      this.good = good;
      this.serial = serial;
    }

    private long last() {
      return address + good - 1;
    }

    @Override
    public String toString() {
      return "block at " + hex(address) + "+" + good;
    }
  }

  private static final int FREED = 64;

  private final TreeMap<Long, Block> byAddress = new TreeMap<>(Long::compareUnsigned);
  private final List<Block> blocks = new ArrayList<>();
  private final long[] freed = new long[FREED];
  private long frees;
  private long serial;
  private long bytes;
  private long doubtful;

  static String hex(long address) {
    return "0x" + Long.toHexString(address);
  }

  int size() {
    return blocks.size();
  }

  /** {@return how many blocks were handed out so far} */
  long serial() {
    return serial;
  }

  long doubtful() {
    return doubtful;
  }

  Block get(int index) {
    return blocks.get(index);
  }

  List<Block> copy() {
    return List.copyOf(blocks);
  }

  boolean isLive(long address) {
    return byAddress.containsKey(address);
  }

  /** {@return whether an address lies in a live block} */
  boolean covers(long address) {
    Map.Entry<Long, Block> below = byAddress.floorEntry(address);
    return below != null && Long.compareUnsigned(below.getValue().last(), address) >= 0;
  }

  /** Adds a block that was handed out; it must overlap none. */
  Block add(long address, long size, long good) {
    Block block = new Block(address, size, good, serial++);
    Map.Entry<Long, Block> below = byAddress.floorEntry(block.last());
    if (below != null && Long.compareUnsigned(below.getValue().last(), address) >= 0) {
      throw new AssertionError("overlap: " + block + " with " + below.getValue());
    }
    byAddress.put(address, block);
    insert(block);
    return block;
  }

  private void insert(Block block) {
    block.index = blocks.size();
    blocks.add(block);
    bytes += block.size;
  }

  /** Removes a block that is about to be freed. */
  void remove(Block block) {
    byAddress.remove(block.address);
    Block last = blocks.remove(blocks.size() - 1);
    if (last != block) {
      blocks.set(block.index, last);
      last.index = block.index;
    }
    bytes -= block.size;
    freed[(int) (frees++ % FREED)] = block.address;
  }

  /** Brings a block back whose free was refused. */
  void restore(Block block) {
    byAddress.put(block.address, block);
    insert(block);
  }

  /** Notes that nobody can say whether some blocks are live, because their free threw. */
  void doubt(int count) {
    doubtful += count;
  }

  /**
   * {@return the address of a block freed lately, which may be live again; NULL if there is none}
   */
  long freed(int which) {
    return frees == 0 ? 0 : freed[(int) (which % Math.min(frees, FREED))];
  }

  /** Checks the figures of the allocator. */
  void check(AllocatorStats stats) {
    if (!stats.isTracked()) {
      return;
    }
    long live = stats.liveBlocks();
    if (live < blocks.size() || live > blocks.size() + doubtful) {
      throw new AssertionError(
          "liveBlocks: expected=" + blocks.size() + ", in doubt=" + doubtful + ", " + stats);
    }
    if (stats.unsizedBlocks() == 0 && stats.liveBytes() < bytes) {
      throw new AssertionError("liveBytes: asked for=" + bytes + ", " + stats);
    }
    if (live == 0 && stats.liveBytes() != 0) {
      throw new AssertionError("bytes without blocks: " + stats);
    }
  }
}
