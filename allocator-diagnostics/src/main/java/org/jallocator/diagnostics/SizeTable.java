package org.jallocator.diagnostics;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The sizes of one thread's blocks by address, in an open-addressed table.
 *
 * <pre>
 * cells   | address | size | address | size | ...      address 0: empty; size 0: not live
 * </pre>
 *
 * <p>An address keeps its cell after a free, so that it has one when the inner hands it out again.
 * Cells without a live block are emptied when half of all are taken.
 *
 * <p>Written by the owner of its {@link Tally}. Another thread may call {@link #sizeOf}, and finds
 * every block that is live throughout the call, if it is under the monitor that {@link #grow}
 * needs. Without it, it may miss some.
 *
 * <p>Invariant: at most half of the cells are not empty. Price: 32 to 96 bytes of Java heap for
 * each of the most blocks that were live.
 */
final class SizeTable {

  private static final long MIX = 0x9E3779B97F4A7C15L;
  private static final int FIRST_LENGTH = 1 << 7;

  private long[] cells = new long[FIRST_LENGTH];

  /** Cells that are not empty. */
  private int used;

  /** How old the block of each cell is; null iff nobody asks. */
  private long @Nullable [] serials;

  void keepSerials() {
    serials = new long[cells.length / 2];
  }

  /** {@return the cell of an address, or the empty one where it would be} */
  int find(long address) {
    return find(cells, address);
  }

  private static int find(long[] cells, long address) {
    int i = start(cells, address);
    long there;
    while ((there = cells[i]) != address && there != 0) {
      i = (i + 2) & (cells.length - 1);
    }
    return i;
  }

  private static int start(long[] cells, long address) {
    return (int) ((address * MIX) >>> Integer.SIZE) & -2 & (cells.length - 1);
  }

  /**
   * Makes a block not live.
   *
   * @param told what its size must be; 0: any
   * @return its size; 0 iff it is not live or has another size, and nothing has changed
   */
  long take(long address, long told) {
    long[] cells = this.cells;
    int i = find(cells, address);
    long size = cells[i + 1];
    if (size == 0 || (told != 0 && told != size)) {
      return 0;
    }
    cells[i + 1] = 0;
    return size;
  }

  /** Makes a block live if its address has a cell; {@return the cell, or -1} */
  int revive(long address, long size) {
    long[] cells = this.cells;
    int i = find(cells, address);
    if (cells[i] == 0 || cells[i + 1] != 0) {
      return -1;
    }
    cells[i + 1] = size;
    return i;
  }

  /** {@return the size of a block, or 0} For other threads than the owner. */
  long sizeOf(long address) {
    long[] cells = this.cells;
    int i = find(cells, address);
    if (cells[i] != address) {
      return 0; // the owner may be about to put another block into the empty cell
    }
    VarHandle.loadLoadFence(); // the size was there before the address
    return cells[i + 1];
  }

  /** {@return the end of the cells, which are the even numbers below it} */
  int end() {
    return cells.length;
  }

  long addressAt(int i) {
    return cells[i];
  }

  /** {@return the size of the block of a cell, or 0} */
  long sizeAt(int i) {
    return cells[i + 1];
  }

  /** Sets the size of the block of a cell that is not empty; 0: it is not live. */
  void setSize(int i, long size) {
    cells[i + 1] = size;
  }

  long serialAt(int i) {
    long[] serials = this.serials;
    return serials == null ? 0 : serials[i >> 1];
  }

  void setSerial(int i, long serial) {
    long[] serials = this.serials;
    if (serials != null) {
      serials[i >> 1] = serial;
    }
  }

  /** {@return whether the table must grow before a block is put into a cell} */
  boolean isFullFor(int i) {
    return cells[i] == 0 && 4 * (used + 1) > cells.length;
  }

  /** Puts a block into the cell that was found for it. */
  void put(int i, long address, long size) {
    long[] cells = this.cells;
    if (cells[i] == 0) {
      used++;
    }
    cells[i + 1] = size;
    VarHandle.storeStoreFence(); // the address makes it visible
    cells[i] = address;
  }

  /**
   * Makes room for at least one more address. Needs the monitor of the tally.
   *
   * @throws OutOfMemoryError if there is no room on the Java heap; the blocks are as before
   */
  void grow() {
    emptyEndsOfRuns();
    if (6 * (used + 1) > cells.length) {
      rebuild();
    }
  }

  /** Empties cells without a live block and with none behind it. Takes no memory. */
  private void emptyEndsOfRuns() {
    long[] cells = this.cells;
    for (int i = cells.length - 2; i >= 0; i -= 2) {
      if (cells[i + 1] == 0 && cells[i] != 0 && cells[(i + 2) & (cells.length - 1)] == 0) {
        cells[i] = 0;
        used--;
      }
    }
  }

  private void rebuild() {
    long[] old = cells;
    int live = 0;
    for (int i = 0; i < old.length; i += 2) {
      live += old[i + 1] != 0 ? 1 : 0;
    }
    int length = FIRST_LENGTH;
    while (6 * (live + 1) > length) {
      length *= 2;
    }
    long[] cells = new long[length];
    long[] oldSerials = serials;
    long[] serials = oldSerials == null ? null : new long[length / 2];
    for (int i = 0; i < old.length; i += 2) {
      if (old[i + 1] != 0) {
        int to = find(cells, old[i]);
        cells[to] = old[i];
        cells[to + 1] = old[i + 1];
        if (serials != null && oldSerials != null) {
          serials[to >> 1] = oldSerials[i >> 1];
        }
      }
    }
    this.cells = cells;
    this.serials = serials;
    this.used = live;
  }
}
