package org.jallocator.bench;

import java.util.List;

/** The stacks that are measured where the user names none. */
final class DefaultStacks {

  /** The baseline of every ratio: C's allocator, called as a JNA user calls it. */
  static final String JNA = "jna";

  /**
   * The best stack for mixed sizes that fixedblock, fallback and jna make: few tiers with wide
   * steps between them. More tiers waste less of a block, but every free asks them one after
   * another, and that costs more than the waste: nested by each power of two, the tiers lose to C.
   */
  static final String MIXED =
      """
      fallback(fixedblock(blockSize=64, pageSize=64KiB, jna),
      fallback(fixedblock(blockSize=256, pageSize=64KiB, jna),
      fallback(fixedblock(blockSize=2KiB, pageSize=256KiB, jna),
      jna)))
      """;

  /** Blocks of one size that threads share. */
  static final String SHARED_FIXED = "fixedblock(blockSize=64, shared=true, jna)";

  /** Blocks of all sizes that threads share. */
  static final String SHARED_CLASSES = "fallback(sizeclass(shared=true, jna), jna)";

  /** The stacks that threads share. */
  static final List<String> SHARED = List.of(SHARED_FIXED, SHARED_CLASSES);

  private DefaultStacks() {}

  /** {@return the best stack for mixed sizes on which all of some traces can be replayed} */
  static String mixed(List<Trace> traces) {
    return traces.stream().anyMatch(trace -> trace.threadCount() > 1) ? SHARED_CLASSES : MIXED;
  }
}
