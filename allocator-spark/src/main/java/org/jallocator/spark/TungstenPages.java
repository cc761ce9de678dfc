package org.jallocator.spark;

import java.lang.reflect.Field;
import java.util.function.LongSupplier;
import org.apache.spark.memory.MemoryManager;
import org.apache.spark.unsafe.memory.MemoryAllocator;
import org.apache.spark.unsafe.memory.MemoryBlock;
import org.jallocator.Allocator;
import org.jallocator.spi.StackRoom;

/**
 * Tungsten's off-heap pages from an allocator. Experimental: Spark has no door for it, so a private
 * field of its memory manager is set.
 *
 * <p>If there is no memory, all stacks are trimmed and it is tried once more; then an {@link
 * OutOfMemoryError} makes Spark spill. Shared, may block where the allocator does.
 */
final class TungstenPages implements MemoryAllocator {

  private static final String FIELD = "tungstenMemoryAllocator";

  /** The versions that the tests ran with. */
  private static final String TESTED = "4.2.0";

  private final Allocator allocator;
  private final LongSupplier trim;
  private final Field field;

  /**
   * @param allocator where pages are from
   * @param trim gives back what can be given back now, and returns the bytes
   * @throws IllegalStateException if this version of Spark has no such field
   */
  TungstenPages(Allocator allocator, LongSupplier trim) {
    this.allocator = allocator;
    this.trim = trim;
    try {
      field = MemoryManager.class.getDeclaredField(FIELD);
      if (!field.getType().isAssignableFrom(TungstenPages.class)) {
        throw new NoSuchFieldException("of another type: " + field);
      }
      field.setAccessible(true);
    } catch (NoSuchFieldException e) {
      throw misfit(e);
    }
  }

  private static IllegalStateException misfit(ReflectiveOperationException cause) {
    return new IllegalStateException(
        "allocator-spark: this version of Spark does not fit: version="
            + org.apache.spark.package$.MODULE$.SPARK_VERSION()
            + ", tested="
            + TESTED
            + ", remedy=spark.allocator.tungsten=false",
        cause);
  }

  /** Makes this the allocator of a memory manager, which must not have pages yet. */
  void install(MemoryManager manager) {
    try {
      field.set(manager, this);
    } catch (IllegalAccessException e) {
      throw misfit(e);
    }
  }

  @Override
  public MemoryBlock allocate(long size) {
    StackRoom.requireAboveStack(); // for the page, and for a free
    long address = allocator.tryMalloc(blockSize(size));
    if (address == Allocator.NULL && trim.getAsLong() > 0) {
      address = allocator.tryMalloc(blockSize(size));
    }
    if (address == Allocator.NULL) {
      throw new OutOfMemoryError("allocator-spark: no memory for a page: size=" + size);
    }
    MemoryBlock page;
    try {
      page = new MemoryBlock(null, address, size);
    } catch (OutOfMemoryError e) {
      allocator.free(address, blockSize(size));
      throw e;
    }
    if (MEMORY_DEBUG_FILL_ENABLED) {
      page.fill(MEMORY_DEBUG_FILL_CLEAN_VALUE);
    }
    return page;
  }

  /** Marks the page as Spark's own allocator does: Spark looks for the marks. */
  @Override
  public void free(MemoryBlock page) {
    long address = page.getBaseOffset();
    if (page.getBaseObject() != null
        || page.pageNumber == MemoryBlock.FREED_IN_ALLOCATOR_PAGE_NUMBER) {
      throw new IllegalStateException(
          "allocator-spark: not a page off the heap, or free already: pageNumber="
              + page.pageNumber);
    }
    if (MEMORY_DEBUG_FILL_ENABLED) {
      page.fill(MEMORY_DEBUG_FILL_FREED_VALUE);
    }
    StackRoom.require(); // for the marks, without which the page could be freed again
    allocator.free(address, blockSize(page.size()));
    page.setObjAndOffset(null, 0);
    page.pageNumber = MemoryBlock.FREED_IN_ALLOCATOR_PAGE_NUMBER;
  }

  /** A page of 0 bytes has an address, too. */
  private static long blockSize(long size) {
    return Math.max(size, 1);
  }
}
