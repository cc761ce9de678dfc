package org.jallocator.fixedblock;

import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * The hot paths of a leaf whose kind is not known to the caller. Each kind is called by its name:
 * in a program with several stacks one virtual call would see them all, and none would be inlined.
 *
 * <p>As the leaf's own methods: a NULL and a false say that nothing has changed. If there is no
 * leaf: NULL, or false.
 */
final class HotPaths {

  private HotPaths() {}

  static long malloc(@Nullable PagedAllocator leaf, long size) {
    if (leaf instanceof SharedSizeClasses classes) {
      return classes.mallocHot(size);
    }
    if (leaf instanceof ConfinedSizeClasses classes) {
      return classes.mallocHot(size);
    }
    if (leaf instanceof ConfinedFixedBlocks blocks) {
      return blocks.mallocHot(size);
    }
    if (leaf instanceof SharedFixedBlocks blocks) {
      return blocks.mallocHot(size);
    }
    return Allocator.NULL;
  }

  static boolean free(@Nullable PagedAllocator leaf, long address) {
    if (leaf instanceof SharedSizeClasses classes) {
      return classes.freeHot(address);
    }
    if (leaf instanceof ConfinedSizeClasses classes) {
      return classes.freeHot(address);
    }
    if (leaf instanceof ConfinedFixedBlocks blocks) {
      return blocks.freeHot(address);
    }
    if (leaf instanceof SharedFixedBlocks blocks) {
      return blocks.freeHot(address);
    }
    return false;
  }

  static boolean free(@Nullable PagedAllocator leaf, long address, long size) {
    if (leaf instanceof SharedSizeClasses classes) {
      return classes.freeHot(address, size);
    }
    if (leaf instanceof ConfinedSizeClasses classes) {
      return classes.freeHot(address, size);
    }
    if (leaf instanceof ConfinedFixedBlocks blocks) {
      return blocks.freeHot(address, size);
    }
    if (leaf instanceof SharedFixedBlocks blocks) {
      return blocks.freeHot(address, size);
    }
    return false;
  }
}
