package org.jallocator.diagnostics;

import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.NativeAccess;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link GuardedAllocator} finds out that its blocks are overrun.
 *
 * <pre>
 * raw          address           address + size     raw + held
 * | canary ... | the block ...... | canary ... | ... |
 * </pre>
 *
 * <p>The canary of a byte depends on its address, so no two blocks have the same.
 */
abstract class Guards {

  /** What a block is filled with when it is handed out. */
  static final byte FRESH = (byte) 0xCD;

  /** What a block is filled with when it is freed. */
  static final byte FREED = (byte) 0xDD;

  private static final int CHUNK = 1 << 12;

  final NativeAccess access;
  final boolean fill;

  Guards(NativeAccess access, boolean fill) {
    this.access = access;
    this.fill = fill;
  }

  /** {@return the largest size, in bytes} */
  abstract long maxSize();

  /** {@return the bytes to take for a size} */
  abstract long heldFor(long size);

  /** Takes memory: sets the raw address and then the address, unless there is none. */
  abstract void take(GuardedBlock block, boolean byTry);

  /** {@return the raw address of a block that was taken from the inner, else NULL} */
  abstract long rawOf(long address);

  /** {@return how many bytes before the block are canaries} */
  abstract int before(GuardedBlock block);

  /** {@return how many bytes behind the block are canaries} */
  abstract int behind(GuardedBlock block);

  /** Makes a freed block one that must not be touched. */
  abstract void retire(GuardedBlock block);

  /** {@return what is wrong with a block that was retired, or null} */
  abstract @Nullable Finding checkRetired(GuardedBlock block);

  /** Gives memory back. */
  abstract void release(long raw, long held);

  /** {@return whether a {@link #release} that threw has left the memory as it was} */
  abstract boolean tookNothing(Throwable thrown);

  /** Writes the canaries, and fills the block. */
  void arm(GuardedBlock block) {
    writeCanaries(block);
    if (fill) {
      access.fill(block.address, block.size, FRESH);
    }
  }

  /** Writes the canaries. */
  final void writeCanaries(GuardedBlock block) {
    int before = before(block);
    if (before > 0) {
      access.write(block.address - before, canaries(block.address - before, before), before);
    }
    int behind = behind(block);
    if (behind > 0) {
      long end = block.address + block.size;
      access.write(end, canaries(end, behind), behind);
    }
  }

  /** {@return what is wrong with the canaries of a block, or null} */
  final @Nullable Finding checkCanaries(GuardedBlock block) {
    int before = before(block);
    Finding finding = checkCanaries(block, block.address - before, before, Reason.UNDERRUN);
    return finding != null
        ? finding
        : checkCanaries(block, block.address + block.size, behind(block), Reason.OVERRUN);
  }

  private @Nullable Finding checkCanaries(GuardedBlock block, long from, int bytes, Reason reason) {
    if (bytes == 0) {
      return null;
    }
    byte[] expected = canaries(from, bytes);
    byte[] found = new byte[bytes];
    access.read(from, found, bytes);
    long first = -1;
    long count = 0;
    for (int i = 0; i < bytes; i++) {
      if (found[i] != expected[i]) {
        first = first < 0 ? i : first;
        count++;
      }
    }
    return count == 0 ? null : finding(block, reason, from + first - block.address, count);
  }

  /** {@return what was written to a block that was filled when it was freed, or null} */
  final @Nullable Finding checkFilled(GuardedBlock block) {
    byte[] found = new byte[(int) Math.min(CHUNK, block.size)];
    long first = -1;
    long count = 0;
    for (long from = 0; from < block.size; from += found.length) {
      int bytes = (int) Math.min(found.length, block.size - from);
      access.read(block.address + from, found, bytes);
      for (int i = 0; i < bytes; i++) {
        if (found[i] != FREED) {
          first = first < 0 ? from + i : first;
          count++;
        }
      }
    }
    return count == 0 ? null : finding(block, Reason.USE_AFTER_FREE, first, count);
  }

  private static Finding finding(GuardedBlock block, Reason reason, long offset, long bytes) {
    return new Finding(reason, block.address, block.size, offset, bytes, "");
  }

  private static byte[] canaries(long from, int bytes) {
    byte[] canaries = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      long z = (from + i) * 0x9E3779B97F4A7C15L;
      canaries[i] = (byte) ((z ^ (z >>> 29)) >>> 17);
    }
    return canaries;
  }

  static long roundUp(long size, long alignment) {
    return (size + alignment - 1) & -alignment;
  }
}
