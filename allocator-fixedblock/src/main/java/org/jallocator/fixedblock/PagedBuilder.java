package org.jallocator.fixedblock;

import org.jallocator.Allocator;

/** What the builders of paged allocators have in common. */
abstract sealed class PagedBuilder<B extends PagedBuilder<B>>
    permits FixedBlockAllocator.Builder, SizeClassAllocator.Builder {

  final Allocator inner;
  long pageSize;
  long alignment;
  boolean shared;
  int heaps;

  PagedBuilder(Allocator inner, long pageSize, long alignment) {
    this.inner = inner;
    this.pageSize = pageSize;
    this.alignment = alignment;
  }

  abstract B self();

  /**
   * Makes the allocator shared, for any thread to use.
   *
   * <p>Each platform thread that uses it gets a heap of its own, up to {@linkplain #heaps a limit},
   * and works in it without a lock and without an atomic instruction. Virtual threads, and platform
   * threads beyond the limit, use a few common heaps, each under a lock of one word. A heap whose
   * thread has ended goes to the next thread that needs one, and if there is need also one whose
   * thread is idle.
   *
   * @return this builder
   */
  public B shared() {
    return shared(true);
  }

  /**
   * Sets whether any thread may use the allocator, or only the one that builds it; only that one if
   * not set.
   *
   * @param shared whether any thread may
   * @return this builder
   */
  public B shared(boolean shared) {
    this.shared = shared;
    return self();
  }

  /**
   * Sets how many heaps of a shared allocator may be owned by threads. If not set, or set to 0: 32,
   * or four a processor if that is more.
   *
   * <p>More pay if more platform threads than that are busy at a time. Each holds pages of its own.
   *
   * @param heaps at most 1024; refused if the allocator is not shared
   * @return this builder
   */
  public B heaps(int heaps) {
    this.heaps = heaps;
    return self();
  }

  /** Checks the options of shared allocators. */
  final void requireHeaps(String layerName) {
    PageRules.require(
        layerName,
        heaps >= 0 && heaps <= HeapSet.MAX_HEAPS,
        "heaps is out of range",
        "heaps",
        heaps,
        "limit",
        HeapSet.MAX_HEAPS);
    if (heaps != 0 && !shared) {
      throw new IllegalArgumentException(
          layerName + ": heaps has no effect without shared=true: heaps=" + heaps);
    }
  }
}
