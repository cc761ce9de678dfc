package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jallocator.Allocator;

/**
 * The active word of a pool: the 64 blocks, of one page, that the pool hands out at the moment.
 * Taking a block clears the lowest bit and freeing one sets its bit, in fields; no page is touched.
 *
 * <p>It remembers the block that it handed out last, by address and bit. Most temporary buffers are
 * freed before the next malloc, and their free is one compare and one bit. What is remembered is
 * forgotten when another word becomes active.
 *
 * <p>Invariants:
 *
 * <pre>
 *   bit i of word = 1 iff block i of the word, at base + i * blockSize, is free
 *   lastBit = 0, or lastBit is the bit of the block at last, in this word
 *   taken   = blocks of the pool in the hands of the user, or whose free is not counted yet, and
 *             those of the word that are free: so a malloc and a free here need not change it
 * </pre>
 *
 * <p>The fields that each call needs are declared first: they share a cache line (see LayoutTest).
 */
abstract class ActiveWord extends FrontPadding {

  static final VarHandle WORD;
  private static final VarHandle TAKEN;
  private static final VarHandle CHANGES;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      WORD = lookup.findVarHandle(ActiveWord.class, "word", long.class);
      TAKEN = lookup.findVarHandle(ActiveWord.class, "taken", long.class);
      CHANGES = lookup.findVarHandle(ActiveWord.class, "changes", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** How often figures that change meanwhile are read. */
  static final int MOST_READINGS = 64;

  /** The free blocks. */
  long word;

  /** The address of the first block. */
  long base;

  final long blockSize;

  /** How many blocks are in the hands of the user, or in this word. */
  long taken;

  /** The block that was handed out last, and its bit; 0 if it is forgotten. */
  long last;

  long lastBit;

  /** How many blocks must be live for a free to be sure that no page can go back. */
  long releaseBelow;

  /** A block's bytes are {@code odd << shift}, and this is the inverse of odd modulo 2⁶⁴. */
  private final long inverse;

  private final int shift;

  /** How many blocks the word has, live ones included. */
  int count;

  /** How often a change of what {@link #liveBlocks} reads began or ended; odd meanwhile. */
  private int changes;

  private final boolean shiftOnly;

  ActiveWord(PageLayout layout) {
    this.blockSize = layout.blockSize();
    this.inverse = layout.inverse();
    this.shift = layout.shift();
    this.shiftOnly = layout.shiftOnly();
  }

  /**
   * Takes a block: a bit scan and a multiplication.
   *
   * @return its address, or NULL iff the word has no free block
   */
  final long take() {
    long word = this.word;
    if (word == 0) {
      return Allocator.NULL;
    }
    long bit = word & -word;
    long address = base + Long.numberOfTrailingZeros(word) * blockSize;
    // No call from here on: a stack overflow cannot fall between these stores.
    this.word = word ^ bit;
    this.last = address;
    this.lastBit = bit;
    return address;
  }

  /**
   * Frees the block that was handed out last, if the address is its.
   *
   * @return false, and nothing has changed, if the address is another's, or the block is free, or a
   *     page may go back
   */
  final boolean freeLast(long address) {
    long bit = lastBit;
    long word = this.word;
    // Not liveCount(): if few frees come this far, the compiler would leave a call here, around
    // which it keeps everything on the stack, in each free.
    if (address != last || (word & bit) == bit || taken - Long.bitCount(word) <= releaseBelow) {
      return false;
    }
    this.word = word | bit;
    return true;
  }

  /**
   * Frees a block of this word, if that takes no more than setting its bit.
   *
   * @return false, and nothing has changed, if the block is none of this word, or free, or a page
   *     may go back
   */
  final boolean free(long address) {
    long index = index(address, base);
    return index >= 0 && index < count && freeBit(1L << index);
  }

  /** As {@link #free}, of the block that a bit stands for. */
  final boolean freeBit(long bit) {
    long word = this.word;
    if ((word & bit) != 0 || taken - Long.bitCount(word) <= releaseBelow) {
      return false;
    }
    this.word = word | bit;
    return true;
  }

  /** {@return how many blocks are in the hands of the user, or their free is not counted yet} */
  final long liveCount() {
    return taken - Long.bitCount(word);
  }

  /**
   * {@return the index of the block at an address in a word; negative, or the count of the word's
   * blocks or more, if none of it starts there}
   *
   * @param base where the word's first block begins
   */
  final long index(long address, long base) {
    long offset = address - base;
    return Long.rotateRight(shiftOnly ? offset : offset * inverse, shift);
  }

  /** Says that what {@link #liveBlocks} reads is about to change all at once. */
  final void beginChange() {
    CHANGES.setOpaque(this, changes + 1);
    VarHandle.storeStoreFence();
  }

  /** Says that it has changed. */
  final void endChange() {
    CHANGES.setRelease(this, changes + 1);
  }

  /**
   * {@return how many blocks are live, of those that were freed remotely only the collected ones
   * counted as free} May be asked by any thread. Beside calls in progress, no block that is live
   * throughout is missed, and free ones of the active word and of a run may be counted.
   */
  final long liveBlocks() {
    for (int tries = 0; tries < MOST_READINGS; tries++) {
      int before = (int) CHANGES.getAcquire(this);
      long word = (long) WORD.getAcquire(this);
      long freeButTaken = freeButTaken();
      VarHandle.acquireFence();
      long taken = (long) TAKEN.getAcquire(this);
      long free = Long.bitCount(word & (long) WORD.getAcquire(this)) + freeButTaken;
      if ((before & 1) == 0 && before == (int) CHANGES.getOpaque(this)) {
        return Math.max(0, taken - free);
      }
      Thread.onSpinWait();
    }
    return (long) TAKEN.getAcquire(this);
  }

  /** {@return how many free blocks {@link #taken} counts besides those of the active word} */
  long freeButTaken() {
    return 0;
  }
}
