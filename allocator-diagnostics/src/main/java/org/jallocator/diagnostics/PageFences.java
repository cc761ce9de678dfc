package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.spi.NativeAccess;
import org.jspecify.annotations.Nullable;

/**
 * Guards of pages that may not be touched: each block has pages of its own, ends where they end but
 * for its alignment, and is followed by a page that may not be touched. A freed block may not be
 * touched at all. After Electric Fence.
 */
final class PageFences extends Guards {

  private final long alignment;
  private final long pageSize;

  PageFences(Allocator inner, NativeAccess access, boolean fill) {
    super(access, fill);
    this.alignment = inner.alignment();
    this.pageSize = access.pageSize();
    if (alignment > pageSize) {
      throw new IllegalArgumentException(
          "alignment exceeds a page: alignment=" + alignment + ", limit=" + pageSize);
    }
  }

  @Override
  long maxSize() {
    return Long.MAX_VALUE - 2 * pageSize;
  }

  @Override
  long heldFor(long size) {
    return roundUp(size, pageSize) + pageSize;
  }

  @Override
  void take(GuardedBlock block, boolean byTry) {
    long raw = access.reserve(block.held);
    block.raw = raw;
    if (raw != Allocator.NULL) {
      block.address = raw + block.held - pageSize - roundUp(block.size, alignment);
    }
  }

  @Override
  void arm(GuardedBlock block) {
    super.arm(block);
    if (!access.protect(block.raw + block.held - pageSize, pageSize, false)) {
      throw new OutOfMemoryError(
          GuardedAllocator.NAME
              + ": the system does not protect a page: size="
              + block.size
              + ", pageSize="
              + pageSize);
    }
  }

  @Override
  long rawOf(long address) {
    return Allocator.NULL;
  }

  @Override
  int before(GuardedBlock block) {
    return (int) (block.address - block.raw);
  }

  @Override
  int behind(GuardedBlock block) {
    return (int) (roundUp(block.size, alignment) - block.size);
  }

  @Override
  void retire(GuardedBlock block) {
    access.protect(block.raw, block.held, false);
  }

  @Override
  @Nullable Finding checkRetired(GuardedBlock block) {
    return null; // who touches it does not live to see a check
  }

  @Override
  void release(long raw, long held) {
    access.unmap(raw, held);
  }

  @Override
  boolean tookNothing(Throwable thrown) {
    return thrown instanceof IllegalArgumentException || thrown instanceof IllegalStateException;
  }
}
