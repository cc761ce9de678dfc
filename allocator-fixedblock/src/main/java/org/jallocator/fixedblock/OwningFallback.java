package org.jallocator.fixedblock;

import org.jallocator.OwningAllocator;

/** As {@link PlainFallback}, of an {@link OwningFallbackAllocator}. */
final class OwningFallback extends OwningFallbackAllocator {

  OwningFallback(OwningAllocator primary, OwningAllocator other) {
    super(primary, other);
  }

  @Override
  public long malloc(long size) {
    PagedAllocator primary = this.fastPrimary;
    long address = primary == null ? NULL : primary.mallocHot(size);
    return address != NULL ? address : mallocBesides(size);
  }

  @Override
  public long tryMalloc(long size) {
    PagedAllocator primary = this.fastPrimary;
    long address = primary == null ? NULL : primary.mallocHot(size);
    return address != NULL ? address : tryMallocBesides(size);
  }

  @Override
  public void free(long address) {
    // Not by freeHot: with all tiers it is too large to be inlined.
    PagedAllocator primary = this.fastPrimary;
    if ((primary == null || !primary.freeHot(address)) && !freeInTier(address)) {
      freeBesides(address);
    }
  }

  @Override
  public void free(long address, long size) {
    PagedAllocator primary = this.fastPrimary;
    if ((primary == null || !primary.freeHot(address, size)) && !freeInTier(address, size)) {
      freeBesides(address, size);
    }
  }

  @Override
  boolean freeHot(long address) {
    PagedAllocator primary = this.fastPrimary;
    return (primary != null && primary.freeHot(address)) || freeInTier(address);
  }

  @Override
  boolean freeHot(long address, long size) {
    PagedAllocator primary = this.fastPrimary;
    return (primary != null && primary.freeHot(address, size)) || freeInTier(address, size);
  }

  /** Frees a block, if the hot path of the next tier, or of one after it, does. */
  private boolean freeInTier(long address) {
    FallbackAllocator tier = this.fastTier;
    if (tier == null || !mayBeInTier(address) || !tier.freeHot(address)) {
      return false;
    }
    calls.blocks--; // not by a call: a stack overflow cannot fall between
    return true;
  }

  /** As {@link #freeInTier(long)}. */
  private boolean freeInTier(long address, long size) {
    FallbackAllocator tier = this.fastTier;
    if (tier == null || !mayBeInTier(address) || !tier.freeHot(address, size)) {
      return false;
    }
    calls.blocks--;
    return true;
  }
}
