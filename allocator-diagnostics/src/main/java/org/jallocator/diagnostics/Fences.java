package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.spi.NativeAccess;
import org.jallocator.spi.StackChecked;
import org.jspecify.annotations.Nullable;

/** Guards of canaries, before and behind each block, in memory of the inner. */
final class Fences extends Guards {

  private final Allocator inner;
  private final int fence;
  private final int before;

  Fences(Allocator inner, NativeAccess access, boolean fill, int fence) {
    super(access, fill);
    this.inner = inner;
    this.fence = fence;
    long before = roundUp(fence, inner.alignment());
    this.before = (int) Math.min(Integer.MAX_VALUE, before);
    if (before > Integer.MAX_VALUE || maxSize() < 1) {
      throw new IllegalArgumentException(
          "inner serves too little for a block and its fences: fence="
              + fence
              + ", alignment="
              + inner.alignment()
              + ", limit="
              + inner.maxSize());
    }
  }

  @Override
  long maxSize() {
    return inner.maxSize() - before - fence;
  }

  @Override
  long heldFor(long size) {
    return before + size + fence;
  }

  @Override
  void take(GuardedBlock block, boolean byTry) {
    long raw = byTry ? inner.tryMalloc(block.held) : inner.malloc(block.held);
    block.raw = raw;
    block.address = raw == Allocator.NULL ? Allocator.NULL : raw + before;
  }

  @Override
  long rawOf(long address) {
    return address - before;
  }

  @Override
  int before(GuardedBlock block) {
    return before;
  }

  @Override
  int behind(GuardedBlock block) {
    return fence;
  }

  @Override
  void retire(GuardedBlock block) {
    if (fill) {
      access.fill(block.address, block.size, FREED);
      block.filled = true;
    }
  }

  @Override
  @Nullable Finding checkRetired(GuardedBlock block) {
    Finding written = block.filled ? checkFilled(block) : null;
    return written != null ? written : checkCanaries(block);
  }

  @Override
  void release(long raw, long held) {
    inner.free(raw);
  }

  @Override
  boolean tookNothing(Throwable thrown) {
    return StackChecked.tookNothing(inner, thrown);
  }
}
