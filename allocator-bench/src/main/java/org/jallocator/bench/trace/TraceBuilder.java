package org.jallocator.bench.trace;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Turns the blocks of a trace, named by IDs, into slots that are used again.
 *
 * <p>A slot that falls free is the next one taken, so slots stay few and the ones in use warm. IDs
 * must count up; they may leave gaps.
 */
public final class TraceBuilder {

  private int[] slots = new int[1 << 12];
  private long[] sizes = new long[1 << 12];
  private int[] threads = new int[1 << 12];
  private int operations;

  private final Map<Long, Integer> slotOfLiveBlock = new HashMap<>();
  private long[] sizeInSlot = new long[1 << 8];
  private int[] freeSlots = new int[1 << 8];
  private int freeSlotCount;
  private int slotCount;
  private long lastId;
  private long liveBytes;

  /**
   * Adds a malloc.
   *
   * @throws IllegalArgumentException if the ID does not count up, or the live bytes overflow
   */
  public void malloc(int thread, long id, long size) {
    if (id <= lastId) {
      throw new IllegalArgumentException(
          "ID does not count up, or is used again: ID=" + id + ", last ID=" + lastId);
    }
    if (size > Long.MAX_VALUE - liveBytes) {
      throw new IllegalArgumentException(
          "live bytes exceed the largest number: SIZE=" + size + ", live before=" + liveBytes);
    }
    lastId = id;
    int slot = freeSlotCount > 0 ? freeSlots[--freeSlotCount] : newSlot();
    slotOfLiveBlock.put(id, slot);
    sizeInSlot[slot] = size;
    liveBytes += size;
    add(thread, slot, size);
  }

  /**
   * Adds a free.
   *
   * @throws IllegalArgumentException if the ID is none of a live block
   */
  public void free(int thread, long id) {
    Integer slot = slotOfLiveBlock.remove(id);
    if (slot == null) {
      throw new IllegalArgumentException(
          "ID is none of a live block: ID=" + id + ", last ID=" + lastId);
    }
    if (freeSlotCount == freeSlots.length) {
      freeSlots = Arrays.copyOf(freeSlots, 2 * freeSlotCount);
    }
    freeSlots[freeSlotCount++] = slot;
    liveBytes -= sizeInSlot[slot];
    add(thread, slot, Trace.FREE);
  }

  /** {@return the trace of what was added} */
  public Trace build(String name, int lines) {
    return new Trace(
        name,
        lines,
        Arrays.copyOf(slots, operations),
        Arrays.copyOf(sizes, operations),
        Arrays.copyOf(threads, operations));
  }

  private int newSlot() {
    if (slotCount == sizeInSlot.length) {
      sizeInSlot = Arrays.copyOf(sizeInSlot, 2 * slotCount);
    }
    return slotCount++;
  }

  private void add(int thread, int slot, long size) {
    if (operations == slots.length) {
      slots = Arrays.copyOf(slots, 2 * operations);
      sizes = Arrays.copyOf(sizes, 2 * operations);
      threads = Arrays.copyOf(threads, 2 * operations);
    }
    slots[operations] = slot;
    sizes[operations] = size;
    threads[operations] = thread;
    operations++;
  }
}
