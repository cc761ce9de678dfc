package org.jallocator.diagnostics;

import java.util.Arrays;
import org.jallocator.Allocator;

/**
 * Blocks of one thread that other threads have freed, and that are still in the table of the first:
 * addresses and sizes, in an open-addressed table. The monitor of the {@link Tally} guards it.
 */
final class RemoteFrees {

  private static final int FIRST_SLOTS = 16;

  private long[] addresses = new long[FIRST_SLOTS];
  private long[] sizes = new long[FIRST_SLOTS];

  /** Whether the inner has taken the block, by slot. */
  private boolean[] done = new boolean[FIRST_SLOTS];

  /** Slots that are not empty. */
  private int used;

  /** {@return the number of a slot, less than {@link #slots}, or -1} */
  int find(long address) {
    long[] addresses = this.addresses;
    int mask = addresses.length - 1;
    int i = (int) ((address * Tally.MIX) >>> Integer.SIZE) & mask;
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
    done[insert(addresses, sizes, address, size)] = false;
    used++;
  }

  private void grow() {
    int length = 2 * addresses.length;
    long[] addresses = new long[length];
    long[] sizes = new long[length];
    boolean[] done = new boolean[length];
    int used = 0;
    for (int i = 0; i < this.addresses.length; i++) {
      if (addressAt(i) != Allocator.NULL) {
        done[insert(addresses, sizes, this.addresses[i], this.sizes[i])] = this.done[i];
        used++;
      }
    }
    this.addresses = addresses;
    this.sizes = sizes;
    this.done = done;
    this.used = used;
  }

  private static int insert(long[] addresses, long[] sizes, long address, long size) {
    int mask = addresses.length - 1;
    int i = (int) ((address * Tally.MIX) >>> Integer.SIZE) & mask;
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
    return address == Tally.GONE ? Allocator.NULL : address;
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

  void remove(int slot) {
    addresses[slot] = Tally.GONE;
  }

  void clear() {
    Arrays.fill(addresses, Allocator.NULL);
    used = 0;
  }
}
