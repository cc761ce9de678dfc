package org.jallocator.diagnostics;

import java.lang.invoke.VarHandle;
import java.util.function.LongConsumer;
import org.jallocator.Allocator;

/**
 * The blocks of a {@link Tally} and their sizes: the block that was allocated last in fields, all
 * others in a {@link SizeTable}. So a block that is freed before the next malloc never comes into
 * the table. A block that comes or goes is counted here, too.
 *
 * <pre>
 *   makeRoom, add      malloc: the last block moves to the table, the new one is the last
 *   take, undoTake     free: the block is not live; the inner refused, it is live again
 * </pre>
 *
 * <p>Who writes what: the owner of the tally writes all fields and the table, without a lock. It
 * makes a new table under the monitor, for other threads, which may call {@link #sizeOf} meanwhile.
 * If the tally has no owner, the monitor guards all of it.
 *
 * <p>Invariant: a live block is in the fields or in the table, and in both only while it moves.
 */
abstract class TallyBlocks extends TallyCounts {

  /** The number that stands for {@code last}, in place of that of a cell. */
  private static final int LAST = -1;

  /** The block that was allocated last. */
  private long last;

  /** Its size; 0 iff it is not live or is in the table. Written after {@code last}. */
  private long lastSize;

  private final SizeTable table = new SizeTable();

  /** Makes each block have a serial: how many mallocs there have been. */
  final void keepSerials() {
    table.keepSerials();
  }

  /**
   * {@return where the size of a block is, for {@link #sizeAt}} By the owner, or if nothing moves.
   */
  final int find(long address) {
    return address == last && lastSize != 0 ? LAST : table.find(address);
  }

  /** {@return a size that was found, or 0} */
  final long sizeAt(int i) {
    return i == LAST ? lastSize : table.sizeAt(i);
  }

  /** Sets the size of a block that was found; 0: it is not live. Does not count. */
  final void setSize(int i, long size) {
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
  final long sizeOf(long address) {
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
  final void makeRoom() {
    if (lastSize != 0) {
      int i = put(last, lastSize);
      table.setSerial(i, mallocs); // none came after it
      VarHandle.storeStoreFence(); // whoever searches finds it at one place or at both
      lastSize = 0;
    }
  }

  /**
   * Counts a block that was allocated, after {@link #makeRoom}. By the owner.
   *
   * @param shared whether other threads call {@link #sizeOf}
   */
  final void add(long address, long size, boolean shared) {
    last = address;
    if (shared) {
      VarHandle.storeStoreFence(); // nobody finds this size with the address of the block before
    }
    lastSize = size;
    countMalloc(size);
  }

  /** Puts a block into the table; {@return its cell} By the owner, or under the monitor if none. */
  final int put(long address, long size) {
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
  final void restore(long address, long size) {
    restore(table.find(address), address, size);
  }

  private void restore(int i, long address, long size) {
    long before = table.sizeAt(i);
    if (before != 0) {
      countFree(before); // somebody freed it behind this layer
    }
    table.put(i, address, size);
  }

  /**
   * Counts the free of a block, which is not live from now on. By the owner.
   *
   * @param told what its size must be; 0: any
   * @return its size; 0 iff it is not here or has another size, and nothing has changed
   */
  final long take(long address, long told) {
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
    watchFrees();
    return size;
  }

  /** Undoes {@link #take}. By the owner, before its next malloc. */
  final void undoTake(long address, long size) {
    setSize(address == last ? LAST : table.find(address), size);
    uncountFree(size);
  }

  /** Counts blocks that are younger than a serial as freed. For a confined allocator. */
  final void dropSince(long since) {
    if (mallocs > since) {
      drop(LAST); // no malloc came after it
    }
    for (int i = 0; i < table.end(); i += 2) {
      if (table.serialAt(i) > since) {
        drop(i);
      }
    }
  }

  /** Counts all blocks as freed. Needs the monitor, and that no call is in progress. */
  final void dropBlocks() {
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

  /** Visits the address of every block. Needs the monitor. Beside the owner, one may come twice. */
  final void forEachBlock(LongConsumer visitor) {
    visit(lastSize, last, visitor);
    VarHandle.loadLoadFence(); // a block that moves to the table is found here or there
    for (int i = 0; i < table.end(); i += 2) {
      visit(table.sizeAt(i), table.addressAt(i), visitor);
    }
  }

  private static void visit(long size, long address, LongConsumer visitor) {
    if (size != 0 && address != Allocator.NULL) {
      visitor.accept(address);
    }
  }
}
