package org.jallocator.diagnostics;

import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jallocator.AllocatorStats;
import org.jspecify.annotations.Nullable;

/**
 * The live blocks of a layer, with the sums that {@code stats} shows: by address, in an
 * open-addressed table on the Java heap, and by age, linked.
 *
 * <pre>
 *   enter            block is live
 *   leave            not live, still found by its address
 *   give             the inner is asked to take it: not reserved any more
 *   stay             the inner refused it: live again
 *   remove           the inner has it, or it is in doubt who has it
 * </pre>
 *
 * <p>Invariants: {@code liveBlocks} and {@code liveBytes} are the sums over the blocks that are not
 * {@code leaving}, {@code reservedBytes} is the sum over those that are not {@code given}; the
 * table is at most half full; an address stands in it once; what is in the table is linked.
 *
 * <p>What is given does not count as reserved while the inner takes it: another thread may have the
 * same memory by then, and the peak must not count it twice.
 *
 * <p>Every method but {@link #stats} needs the monitor of the books, and the caller has made sure
 * that there is stack for it. O(1), if nothing else is said.
 */
final class Books<B extends Block> {

  private static final long MIX = 0x9E3779B97F4A7C15L;
  private static final int FIRST_SLOTS = 64;

  private @Nullable Block[] slots = new @Nullable Block[FIRST_SLOTS];
  private int shift = Long.numberOfLeadingZeros(FIRST_SLOTS - 1);

  /** Slots in use, those of {@code leaving} blocks too. */
  private int used;

  /** Mallocs that have begun and have neither entered a block nor failed. */
  int pendingMallocs;

  /** Their bytes. */
  long pendingBytes;

  /** Frees whose block has left and has neither been removed nor stayed. */
  int pendingFrees;

  long liveBlocks;
  long liveBytes;
  long reservedBytes;
  long peakReservedBytes;
  long innerMallocs;
  long innerFrees;
  private long serial;

  /** The block that was entered last, of those that are in the table. */
  private @Nullable Block newest;

  /** {@return the block that starts at an address, live or leaving, or null} */
  @SuppressWarnings("unchecked") // only blocks of type B are entered
  @Nullable B find(long address) {
    Block[] slots = this.slots;
    int mask = slots.length - 1;
    int i = (int) ((address * MIX) >>> shift);
    Block block;
    while ((block = slots[i]) != null && block.address != address) {
      i = (i + 1) & mask;
    }
    return (B) block;
  }

  /** Makes sure that the next block can be entered without a new table. */
  void ensureRoom() {
    if (2 * (used + pendingMallocs + 1) > slots.length) {
      grow();
    }
  }

  /** Makes a table of twice the length. O(blocks). */
  private void grow() {
    int length = 2 * slots.length;
    @Nullable Block[] slots = new @Nullable Block[length];
    int mask = length - 1;
    int shift = Long.numberOfLeadingZeros(mask);
    for (Block block : this.slots) {
      if (block != null) {
        int i = (int) ((block.address * MIX) >>> shift);
        while (slots[i] != null) {
          i = (i + 1) & mask;
        }
        slots[i] = block;
      }
    }
    this.slots = slots;
    this.shift = shift;
  }

  /** Begins a malloc: from now on close waits for it. */
  void begin(long size) {
    ensureRoom();
    pendingMallocs++;
    pendingBytes += size;
  }

  /**
   * Ends a malloc that {@link #begin} began. What stood at the same address before has gone back to
   * the inner behind the books.
   */
  void enter(B block) {
    @Nullable Block[] slots = this.slots;
    int mask = slots.length - 1;
    int i = (int) ((block.address * MIX) >>> shift);
    Block there;
    while ((there = slots[i]) != null && there.address != block.address) {
      i = (i + 1) & mask;
    }
    block.serial = ++serial;
    slots[i] = block;
    if (there == null) {
      used++;
    } else {
      unlink(there);
      if (!there.leaving) {
        liveBlocks--;
        liveBytes -= there.size;
        reservedBytes -= there.held;
        innerFrees++;
      }
    }
    block.older = newest;
    if (newest != null) {
      newest.newer = block;
    }
    newest = block;
    pendingMallocs--;
    pendingBytes -= block.size;
    liveBlocks++;
    liveBytes += block.size;
    innerMallocs++;
    reservedBytes += block.held;
    peakReservedBytes = Math.max(peakReservedBytes, reservedBytes);
  }

  /** Ends a malloc that {@link #begin} began, and that got no block. */
  void fail(long size) {
    pendingMallocs--;
    pendingBytes -= size;
  }

  /** Makes a live block one that is not, before it goes to the inner. */
  void leave(B block) {
    block.leaving = true;
    liveBlocks--;
    liveBytes -= block.size;
  }

  /** Says that the inner is about to be asked to take a block that left. */
  void give(B block) {
    block.given = true;
    reservedBytes -= block.held;
  }

  /** Undoes {@link #give}. */
  void keep(B block) {
    if (block.given) {
      block.given = false;
      reservedBytes += block.held;
    }
  }

  /** Undoes {@link #leave}, and {@link #give} if that was done. */
  void stay(B block) {
    keep(block);
    block.leaving = false;
    liveBlocks++;
    liveBytes += block.size;
  }

  /** Forgets a block that left, also if another stands at its address already. */
  void remove(B block) {
    if (!block.given) {
      give(block);
    }
    innerFrees++;
    @Nullable Block[] slots = this.slots;
    int mask = slots.length - 1;
    int hole = (int) ((block.address * MIX) >>> shift);
    while (slots[hole] != block) {
      if (slots[hole] == null) {
        return;
      }
      hole = (hole + 1) & mask;
    }
    // Closes the gap: each follower that may stand in the hole moves there.
    int next = (hole + 1) & mask;
    Block follower;
    while ((follower = slots[next]) != null) {
      int home = (int) ((follower.address * MIX) >>> shift);
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        slots[hole] = follower;
        hole = next;
      }
      next = (next + 1) & mask;
    }
    slots[hole] = null;
    used--;
    unlink(block);
  }

  private void unlink(Block block) {
    Block older = block.older;
    Block newer = block.newer;
    if (older != null) {
      older.newer = newer;
    }
    if (newer != null) {
      newer.older = older;
    } else {
      newest = older;
    }
    block.older = null;
    block.newer = null;
  }

  /** {@return the live block whose bytes an address is one of, or null} O(blocks). */
  @SuppressWarnings("unchecked") // only blocks of type B are entered
  @Nullable B holder(long address) {
    for (Block block = newest; block != null; block = block.older) {
      if (!block.leaving && Long.compareUnsigned(address - block.address, block.size) < 0) {
        return (B) block;
      }
    }
    return null;
  }

  /** {@return the block, live or held back, whose memory an address lies in, or null} O(blocks). */
  @SuppressWarnings("unchecked") // only blocks of type B are entered
  @Nullable B holderOfRaw(long address) {
    for (Block block = newest; block != null; block = block.older) {
      if (Long.compareUnsigned(address - block.raw, block.held) < 0) {
        return (B) block;
      }
    }
    return null;
  }

  /** {@return the live blocks that were entered after a serial, oldest first} O(their number). */
  @SuppressWarnings("unchecked") // only blocks of type B are entered
  List<B> since(long serial) {
    List<B> blocks = new ArrayList<>();
    for (Block block = newest; block != null && block.serial > serial; block = block.older) {
      if (!block.leaving) {
        blocks.add((B) block);
      }
    }
    Collections.reverse(blocks);
    return blocks;
  }

  /** {@return the addresses of the live blocks, oldest first} */
  long[] addresses(int limit) {
    List<B> blocks = since(0);
    long[] addresses = new long[Math.min(limit, blocks.size())];
    Arrays.setAll(addresses, i -> blocks.get(i).address);
    return addresses;
  }

  /** {@return the serial of the block that was entered last} */
  long lastSerial() {
    return serial;
  }

  /**
   * {@return the sums} Reads without the monitor: a sum may lag behind a call in progress. There
   * are never more frees than mallocs, and never more reserved bytes than their peak.
   */
  AllocatorStats stats() {
    long frees = innerFrees;
    long reserved = Math.max(0, reservedBytes);
    VarHandle.loadLoadFence(); // what comes below is at least as new
    long mallocs = innerMallocs;
    return new AllocatorStats(
        Math.max(0, liveBlocks),
        Math.max(0, liveBytes),
        reserved,
        Math.max(peakReservedBytes, reserved),
        mallocs,
        Math.min(frees, mallocs));
  }
}
