package org.jallocator.fixedblock;

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
 *   live    = blocks of the pool in the hands of the user, or whose free is not counted yet
 * </pre>
 *
 * <p>The fields that each call needs are declared first: they share a cache line (see LayoutTest).
 */
abstract class ActiveWord extends FrontPadding {

  /** The free blocks. */
  long word;

  /** The address of the first block. */
  long base;

  final long blockSize;

  /** How many blocks are in the hands of the user. */
  long live;

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
    this.live++;
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
    if (address != last || (word & bit) == bit || live <= releaseBelow) {
      return false;
    }
    this.word = word | bit;
    this.live--;
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
    if ((word & bit) != 0 || live <= releaseBelow) {
      return false;
    }
    this.word = word | bit;
    this.live--;
    return true;
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
}
