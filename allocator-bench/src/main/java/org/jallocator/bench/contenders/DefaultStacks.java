package org.jallocator.bench.contenders;

import java.util.List;

/** The stacks that are measured if the user names none. */
public final class DefaultStacks {

  /** The baseline of every ratio: C's allocator, called as a JNA user calls it. */
  public static final String JNA = "jna";

  /** Blocks of all sizes. */
  public static final String MIXED = "fallback(sizeclass(jna), jna)";

  /** Blocks of one size that threads share. */
  public static final String SHARED_FIXED = "fixedblock(blockSize=64, shared=true, jna)";

  /** Blocks of all sizes that threads share. */
  public static final String SHARED_CLASSES = "fallback(sizeclass(shared=true, jna), jna)";

  /** The predefined general-purpose stack: it checks every free of every size. */
  public static final String GENERAL = "@general";

  /** The stacks that threads share. */
  public static final List<String> SHARED = List.of(SHARED_FIXED, SHARED_CLASSES, GENERAL);

  /** Blocks of one size. */
  public static final String FIXED = "fixedblock(blockSize=64, jna)";

  /** Different stacks that one program may have side by side. */
  public static final List<String> FIVE =
      List.of(
          FIXED,
          SHARED_FIXED,
          MIXED,
          SHARED_CLASSES,
          "fallback(fixedblock(blockSize=64, jna), fallback(fixedblock(blockSize=512, jna), jna))");

  /** The name of the allocator that large blocks are best served by. */
  public static final String LARGE_PROVIDER = "large";

  /** Large blocks alone, and blocks of all sizes. */
  public static final List<String> LARGE =
      List.of("large(jna)", "fallback(sizeclass(jna), large(jna))");

  private DefaultStacks() {}
}
