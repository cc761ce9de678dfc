package org.jallocator.testkit;

import static org.jallocator.testkit.Subject.hex;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jallocator.AllocatorStats;
import org.jspecify.annotations.Nullable;

/**
 * The blocks that an allocator under test has handed out and not got back.
 *
 * <p>A block whose free threw is in doubt: it is unknown whether it is live, so the figures of the
 * allocator may count it or not.
 *
 * <pre>
 *   blocks &lt;= liveBlocks &lt;= blocks + doubtful
 *   length of the blocks &lt;= liveBytes &lt;= the same + length of the doubtful ones
 * </pre>
 */
final class Model {

  /**
   * A live block.
   *
   * @param size the bytes asked for
   * @param good the bytes that may be used, by goodSize
   * @param length the bytes that the stats count for it; 0 if it is of unknown length
   * @param serial how many blocks were handed out before it
   */
  record Block(long address, long size, long good, long length, long serial) {

    /** {@return what is written to it} */
    byte pattern() {
      return (byte) (serial + 1);
    }

    private long last() {
      return address + good - 1;
    }

    @Override
    public String toString() {
      return "block " + serial + " at " + hex(address) + "+" + size;
    }
  }

  /** How many freed addresses are remembered. */
  private static final int MAX_FREED = 32;

  /** Counts of some blocks, those of unknown length apart. */
  private static final class Sum {
    private long blocks;
    private long lengthless;
    private long size;
    private long length;

    private void add(Block block, int sign) {
      blocks += sign;
      if (block.length == 0) {
        lengthless += sign;
      } else {
        size += sign * block.size;
        length += sign * block.length;
      }
    }
  }

  private final TreeMap<Long, Block> byAddress = new TreeMap<>(Long::compareUnsigned);
  private final List<Block> blocks = new ArrayList<>();
  private final ArrayDeque<Long> freed = new ArrayDeque<>();
  private final Sum live = new Sum();
  private final Sum doubtful = new Sum();
  private long handedOut;

  /** {@return the live blocks, oldest first} */
  List<Block> blocks() {
    return blocks;
  }

  /** {@return how many blocks were handed out so far} */
  long handedOut() {
    return handedOut;
  }

  /** {@return how many blocks are in doubt} */
  long doubtful() {
    return doubtful.blocks;
  }

  /** {@return the live block that starts at an address, or null} */
  @Nullable Block at(long address) {
    return byAddress.get(address);
  }

  /** Adds a block that was handed out, and checks that it overlaps none. */
  Block add(long address, long size, long good, long length) {
    Block block = new Block(address, size, good, length, handedOut++);
    Map.Entry<Long, Block> below = byAddress.floorEntry(block.last());
    assertTrue(
        below == null || Long.compareUnsigned(below.getValue().last(), address) < 0,
        () -> "overlap: " + block + " with " + below);
    byAddress.put(address, block);
    blocks.add(block);
    live.add(block, 1);
    return block;
  }

  /** Removes a block that is about to be freed. */
  Block remove(long address) {
    Block block = byAddress.remove(address);
    if (block == null) {
      throw new IllegalArgumentException("no live block in the model: " + hex(address));
    }
    blocks.remove(block);
    live.add(block, -1);
    freed.addLast(address);
    if (freed.size() > MAX_FREED) {
      freed.removeFirst();
    }
    return block;
  }

  /** Takes note that the free of a block that was removed threw. */
  void doubt(Block block) {
    freed.remove(block.address);
    doubtful.add(block, 1);
  }

  /** Brings back a block that was removed, because its free was refused. */
  void restore(Block block) {
    freed.remove(block.address);
    byAddress.put(block.address, block);
    blocks.add(block);
    live.add(block, 1);
  }

  /** {@return addresses of blocks freed lately, which may be live again} */
  List<Long> freed() {
    return List.copyOf(freed);
  }

  /** Checks that figures agree with the blocks, as far as none is in doubt. */
  void check(AllocatorStats stats) {
    assertBetween("liveBlocks", stats, stats.liveBlocks(), live.blocks, doubtful.blocks);
    assertBetween(
        "unsizedBlocks", stats, stats.unsizedBlocks(), live.lengthless, doubtful.lengthless);
    assertBetween("liveBytes", stats, stats.liveBytes(), live.length, doubtful.length);
    assertTrue(stats.liveBytes() >= live.size, () -> "liveBytes < " + live.size + ": " + stats);
  }

  private static void assertBetween(
      String name, AllocatorStats stats, long figure, long least, long inDoubt) {
    assertTrue(
        figure >= least && figure <= least + inDoubt,
        () -> name + ": expected=" + least + ", in doubt=" + inDoubt + ", " + stats);
  }
}
