package org.jallocator.diagnostics;

import java.util.Arrays;
import org.jallocator.Allocator;

/**
 * Blocks of one thread that other threads have freed, and that are still in the table of the first:
 * addresses and sizes, in an open-addressed table. The monitor of the {@link Tally} guards it.
 */
final class RemoteFrees {

  private static final long MIX = 0x9E3779B97F4A7C15L;
  private static final int FIRST_SLOTS = 16;

  /** The address of a slot that was removed: no block has it. */
  private static final long GONE = -1;

  private long[] addresses = new long[FIRST_SLOTS];
  private long[] sizes = new long[FIRST_SLOTS];

  /** Whether the inner has taken the block, by slot. */
  private boolean[] done = new boolean[FIRST_SLOTS];

  /** Whether the owner has freed the block at the same time and was refused, by slot. */
  private boolean[] alone = new boolean[FIRST_SLOTS];

  /** Slots that are not empty. */
  private int used;

  /** {@return the number of a slot, less than {@link #slots}, or -1} */
  int find(long address) {
    long[] addresses = this.addresses;
    int mask = addresses.length - 1;
    int i = (int) ((address * MIX) >>> Integer.SIZE) & mask;
    while (addresses[i] != address) {
      if (addresses[i] == Allocator.NULL) {
        return -1;
      }
      i = (i + 1) & mask;
    }
    return i;
  }

  void add(long address, long size) {
    if (2 * (used + 1) > addresses.length) {
      grow();
    }
    int slot = insert(addresses, sizes, address, size);
    done[slot] = false;
    alone[slot] = false;
    used++;
  }

  private void grow() {
    int length = 2 * addresses.length;
    long[] addresses = new long[length];
    long[] sizes = new long[length];
    boolean[] done = new boolean[length];
    boolean[] alone = new boolean[length];
    int used = 0;
    for (int i = 0; i < this.addresses.length; i++) {
      if (addressAt(i) != Allocator.NULL) {
        int slot = insert(addresses, sizes, this.addresses[i], this.sizes[i]);
        done[slot] = this.done[i];
        alone[slot] = this.alone[i];
        used++;
      }
    }
    this.addresses = addresses;
    this.sizes = sizes;
    this.done = done;
    this.alone = alone;
    this.used = used;
  }

  private static int insert(long[] addresses, long[] sizes, long address, long size) {
    int mask = addresses.length - 1;
    int i = (int) ((address * MIX) >>> Integer.SIZE) & mask;
    while (addresses[i] != Allocator.NULL) {
      i = (i + 1) & mask;
    }
    addresses[i] = address;
    sizes[i] = size;
    return i;
  }

  int slots() {
    return used == 0 ? 0 : addresses.length;
  }

  /** {@return the address in a slot, or NULL} */
  long addressAt(int slot) {
    long address = addresses[slot];
    return address == GONE ? Allocator.NULL : address;
  }

  long sizeAt(int slot) {
    return sizes[slot];
  }

  boolean isDone(int slot) {
    return done[slot];
  }

  void setDone(int slot) {
    done[slot] = true;
  }

  boolean isAlone(int slot) {
    return alone[slot];
  }

  void setAlone(int slot) {
    alone[slot] = true;
  }

  void remove(int slot) {
    addresses[slot] = GONE;
  }

  void clear() {
    Arrays.fill(addresses, Allocator.NULL);
    used = 0;
  }
}
