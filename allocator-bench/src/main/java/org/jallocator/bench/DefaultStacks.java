package org.jallocator.bench;

import java.util.List;

/** The stacks that are measured where the user names none. */
final class DefaultStacks {

  /** The baseline of every ratio: C's allocator, called as a JNA user calls it. */
  static final String JNA = "jna";

  /** Blocks of all sizes. */
  static final String MIXED = "fallback(sizeclass(jna), jna)";

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
