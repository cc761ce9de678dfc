package org.jallocator.diagnostics;

import java.nio.file.Path;
import java.util.ServiceLoader;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.spi.NativeAccess;
import org.jspecify.annotations.Nullable;

/** Makes a {@link GuardedAllocator}, or several. Not for use by several threads at once. */
public final class GuardedBuilder {

  /** The bytes of a fence if none are given. */
  static final int DEFAULT_FENCE = 16;

  /** The most bytes of a fence. */
  static final int MAX_FENCE = 1 << 20;

  /** The bytes of the quarantine if none are given. */
  static final long DEFAULT_QUARANTINE = 1 << 20;

  final Allocator inner;
  int fence = DEFAULT_FENCE;
  long quarantine = DEFAULT_QUARANTINE;
  boolean fill = true;
  boolean pages;
  @Nullable Path report;
  private @Nullable NativeAccess access;

  GuardedBuilder(Allocator inner) {
    this.inner = inner;
  }

  /**
   * Sets the bytes of canaries before and behind each block, {@value #DEFAULT_FENCE} if not set.
   * Before a block they are rounded up to the alignment.
   *
   * @param fence 0 to {@value #MAX_FENCE}
   * @return this builder
   */
  public GuardedBuilder fence(int fence) {
    if (fence < 0 || fence > MAX_FENCE) {
      throw new IllegalArgumentException(
          "fence is out of range: fence=" + fence + ", limit=" + MAX_FENCE);
    }
    this.fence = fence;
    return this;
  }

  /**
   * Sets how many bytes of freed blocks are held back, 1 MiB if not set. A block that is larger
   * goes to the inner at once.
   *
   * @param quarantine at least 0
   * @return this builder
   */
  public GuardedBuilder quarantine(long quarantine) {
    if (quarantine < 0) {
      throw new IllegalArgumentException(
          "quarantine is negative: quarantine=" + quarantine + ", limit=0");
    }
    this.quarantine = quarantine;
    return this;
  }

  /**
   * Sets whether blocks are filled at malloc and at free, true if not set. Without it, writes after
   * free are not found.
   *
   * @param fill true or false
   * @return this builder
   */
  public GuardedBuilder fill(boolean fill) {
    this.fill = fill;
    return this;
  }

  /**
   * Sets whether each block has pages of its own, false if not set.
   *
   * @param pages true or false
   * @return this builder
   */
  public GuardedBuilder pages(boolean pages) {
    this.pages = pages;
    return this;
  }

  /**
   * Sets the file that says, after the process has died, whose block an address was.
   *
   * @param report the file, or null for none
   * @return this builder
   */
  @SuppressWarnings("exports") // the annotation need not be there
  public GuardedBuilder report(@Nullable Path report) {
    this.report = report;
    return this;
  }

  /** Sets how memory is read and written; without it the one is taken that the loaders find. */
  GuardedBuilder access(NativeAccess access) {
    this.access = access;
    return this;
  }

  NativeAccess access() {
    NativeAccess access = this.access;
    if (access == null) {
      access = find();
    }
    if (pages && !access.canMap()) {
      throw new IllegalArgumentException(
          "this platform cannot map pages: pages=true, limit=pages=false");
    }
    return access;
  }

  private static NativeAccess find() {
    ClassLoader own = GuardedBuilder.class.getClassLoader();
    return ServiceLoader.load(NativeAccess.class, own)
        .findFirst()
        .or(() -> ServiceLoader.load(NativeAccess.class).findFirst())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "nothing here reads and writes native memory:"
                        + " service=org.jallocator.spi.NativeAccess, remedy=add allocator-jna"));
  }

  /**
   * {@return a new allocator, an arena iff the inner is}
   *
   * @throws IllegalArgumentException if the inner serves too little, nothing reads and writes
   *     native memory, or {@code pages} is set and the inner is an arena or the platform has no
   *     such pages
   */
  public GuardedAllocator build() {
    if (!(inner instanceof Arena arena)) {
      return new GuardedAllocator(inner, this);
    }
    if (pages) {
      throw new IllegalArgumentException(
          "pages of its own are not an arena's: pages=true, remedy=put it below the arena");
    }
    return new ArenaGuardedAllocator(arena, this);
  }
}
