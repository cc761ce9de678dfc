package org.jallocator.bench.contenders;

import java.util.Arrays;
import org.lwjgl.system.MemoryUtil;

/**
 * Places for blocks of one {@link Contender}, in the form in which its users hold them: addresses
 * or objects.
 *
 * <p>A block's first and last byte are written when it is made and looked at before it is freed, as
 * a program would at least. Every contender's are, with the same instructions: LWJGL's {@code
 * memPutByte}, a plain store. {@link #pairs} and {@link #nestedPairs} alone touch nothing.
 *
 * <p>Not safe for use by several threads at once; may be handed from one to another.
 */
public abstract class Blocks {

  private final int[] sizes;

  Blocks(int slots) {
    sizes = new int[slots];
  }

  /** {@return how many blocks have room} */
  final int slots() {
    return sizes.length;
  }

  /** Mallocs a block into an empty slot and writes to it. */
  public final void malloc(int slot, int size) {
    long address = take(slot, size);
    sizes[slot] = size;
    MemoryUtil.memPutByte(address, (byte) size);
    MemoryUtil.memPutByte(address + size - 1, (byte) size);
  }

  /**
   * Reads the block in a slot and frees it; does nothing if the slot is empty.
   *
   * @throws IllegalStateException if another thread has written to the block
   */
  public final void free(int slot) {
    int size = sizes[slot];
    if (size == 0) {
      return;
    }
    long address = address(slot);
    if (MemoryUtil.memGetByte(address) != (byte) size
        || MemoryUtil.memGetByte(address + size - 1) != (byte) size) {
      throw overwritten(address, size);
    }
    sizes[slot] = 0;
    giveBack(slot);
  }

  /** Frees every block. */
  public final void freeAll() {
    for (int slot = 0; slot < sizes.length; slot++) {
      free(slot);
    }
  }

  /** {@return whether there is a block in a slot} */
  public final boolean isLive(int slot) {
    return sizes[slot] != 0;
  }

  /** Moves a block into an empty slot of another's. */
  public final void move(int slot, Blocks other, int otherSlot) {
    other.sizes[otherSlot] = sizes[slot];
    sizes[slot] = 0;
    put(slot, other, otherSlot);
  }

  /**
   * Mallocs a block and frees it at once, again and again; nothing is written to it.
   *
   * @return a number that depends on the blocks, so that the compiler cannot think them unused
   */
  public abstract long pairs(int count, int size);

  /**
   * The same, nested two deep: mallocs two blocks and frees them, the second one first.
   *
   * @param count how many times two blocks are malloced
   */
  public abstract long nestedPairs(int count, int size);

  /** Mallocs a block into a slot and returns its address. */
  abstract long take(int slot, int size);

  public abstract long address(int slot);

  abstract void giveBack(int slot);

  abstract void put(int slot, Blocks other, int otherSlot);

  private static IllegalStateException overwritten(long address, int size) {
    return new IllegalStateException(
        "block was written to by somebody else: address=0x%x, size=%d, bytes=%s"
            .formatted(
                address,
                size,
                Arrays.toString(
                    new byte[] {
                      MemoryUtil.memGetByte(address), MemoryUtil.memGetByte(address + size - 1)
                    })));
  }
}
