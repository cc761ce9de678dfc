package org.jallocator.bench;

/** The stacks that are measured where the user names none. */
final class DefaultStacks {

  /** The baseline of every ratio: C's allocator, called as a JNA user calls it. */
  static final String JNA = "jna";

  /**
   * The best stack for mixed sizes that fixedblock, fallback and jna make: a tier for each small
   * size, the tiers' pages and what is larger from C.
   */
  static final String MIXED =
      """
      fallback(fixedblock(blockSize=16, pageSize=64KiB, jna),
      fallback(fixedblock(blockSize=32, pageSize=64KiB, jna),
      fallback(fixedblock(blockSize=48, pageSize=48KiB, jna),
      fallback(fixedblock(blockSize=64, pageSize=64KiB, jna),
      fallback(fixedblock(blockSize=96, pageSize=48KiB, jna),
      fallback(fixedblock(blockSize=128, pageSize=64KiB, jna),
      fallback(fixedblock(blockSize=256, pageSize=64KiB, jna),
      fallback(fixedblock(blockSize=512, pageSize=64KiB, jna),
      fallback(fixedblock(blockSize=1KiB, pageSize=64KiB, jna),
      fallback(fixedblock(blockSize=2KiB, pageSize=64KiB, jna),
      jna))))))))))
      """;

  private DefaultStacks() {}
}
