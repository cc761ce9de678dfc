package org.jallocator.bench.trace;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;

/**
 * What a program asked of its allocator, as flat arrays that a loop can run through.
 *
 * <p>Call {@code i} is a malloc of {@code sizes[i]} bytes into slot {@code slots[i]}, or, if the
 * size is {@link #FREE}, the free of the block in that slot. A slot is a place to keep an address;
 * it is used again once its block is freed, so there are as many slots as blocks were ever live at
 * once, and a replay touches little memory of its own. A realloc is two calls: malloc of the new
 * block, then free of the old one. Immutable, as long as the arrays are not written to.
 *
 * @see TraceBuilder
 */
public final class Trace {

  /** Stands in the place of a size and marks a free. */
  public static final long FREE = 0;

  private final String name;
  private final int lines;
  private final int[] slots;
  private final long[] sizes;
  private final int[] threads;

  /** Takes the arrays as they are, without a copy. */
  public Trace(String name, int lines, int[] slots, long[] sizes, int[] threads) {
    this.name = name;
    this.lines = lines;
    this.slots = slots;
    this.sizes = sizes;
    this.threads = threads;
  }

  /** {@return what the trace is called in tables} */
  public String name() {
    return name;
  }

  /** {@return the same trace under another name} */
  Trace named(String other) {
    return new Trace(other, lines, slots, sizes, threads);
  }

  /** {@return the lines that it was read from, a realloc being one} */
  int lines() {
    return lines;
  }

  /** {@return the number of calls: every malloc and every free, a realloc being both} */
  public int operations() {
    return slots.length;
  }

  /** {@return the slot of each call} */
  public int[] slots() {
    return slots;
  }

  /** {@return the bytes that each call asks for, or {@link #FREE}} */
  public long[] sizes() {
    return sizes;
  }

  /** {@return the recorded thread of each call} */
  public int[] threads() {
    return threads;
  }

  /** {@return how many different threads made the calls} */
  public int threadCount() {
    return (int) Arrays.stream(threads).distinct().count();
  }

  /** {@return the number of slots: blocks live at once, at most} */
  public int slotCount() {
    return Arrays.stream(slots).max().orElse(-1) + 1;
  }

  /** {@return the largest size asked for, in bytes} */
  public long largestSize() {
    return Arrays.stream(sizes).max().orElse(0);
  }

  /** {@return the slots whose blocks the trace never frees} */
  public int[] liveAtEnd() {
    BitSet live = new BitSet();
    for (int i = 0; i < slots.length; i++) {
      live.set(slots[i], sizes[i] != FREE);
    }
    return live.stream().toArray();
  }

  /** {@return the most bytes that were ever live at once, as asked for} */
  public long peakLiveBytes() {
    long[] sizeInSlot = new long[slotCount()];
    long live = 0;
    long peak = 0;
    for (int i = 0; i < slots.length; i++) {
      live += sizes[i] - (sizes[i] == FREE ? sizeInSlot[slots[i]] : 0);
      sizeInSlot[slots[i]] = sizes[i];
      peak = Math.max(peak, live);
    }
    return peak;
  }

  /** Writes the trace for another JVM of this bench to {@linkplain #readFrom read}. */
  public void writeTo(DataOutputStream out) throws IOException {
    out.writeUTF(name);
    out.writeInt(lines);
    out.writeInt(slots.length);
    for (int i = 0; i < slots.length; i++) {
      out.writeInt(slots[i]);
      out.writeLong(sizes[i]);
      out.writeInt(threads[i]);
    }
  }

  /** {@return the trace that another JVM of this bench {@linkplain #writeTo wrote}} */
  public static Trace readFrom(DataInputStream in) throws IOException {
    String name = in.readUTF();
    int lines = in.readInt();
    int operations = in.readInt();
    int[] slots = new int[operations];
    long[] sizes = new long[operations];
    int[] threads = new int[operations];
    for (int i = 0; i < operations; i++) {
      slots[i] = in.readInt();
      sizes[i] = in.readLong();
      threads[i] = in.readInt();
    }
    return new Trace(name, lines, slots, sizes, threads);
  }
}
