package org.jallocator.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.unsafe.memory.MemoryBlock;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pages below a limit of two megabytes. */
final class TungstenPagesTest {

  private static final long MIB = 1 << 20;

  private final AllocatorStack stack = AllocatorStack.open("limit(bytes=2MiB, @general)");
  private final Allocator allocator = stack.allocator();

  @AfterEach
  void everythingIsFree() {
    assertEquals(0, allocator.stats().liveBlocks());
    stack.close();
  }

  @Test
  void takesAPageFromTheStackAndGivesItBack() {
    TungstenPages pages = new TungstenPages(allocator, () -> 0);
    MemoryBlock page = pages.allocate(MIB);
    assertEquals(MIB, page.size());
    assertEquals(MIB, allocator.stats().liveBytes());
    pages.free(page);
    assertEquals(MemoryBlock.FREED_IN_ALLOCATOR_PAGE_NUMBER, page.pageNumber);
    assertThrows(IllegalStateException.class, () -> pages.free(page));
  }

  @Test
  void trimsAndTriesOnceMoreBeforeAPageIsRefused() {
    long kept = allocator.malloc(2 * MIB);
    AtomicInteger trims = new AtomicInteger();
    TungstenPages pages =
        new TungstenPages(
            allocator,
            () -> {
              trims.incrementAndGet();
              allocator.free(kept);
              return 2 * MIB;
            });
    pages.free(pages.allocate(MIB));
    assertEquals(1, trims.get());
  }

  @Test
  void refusesAPageWithTheErrorThatMakesSparkSpill() {
    TungstenPages pages = new TungstenPages(allocator, allocator::trim);
    MemoryBlock first = pages.allocate(MIB);
    MemoryBlock second = pages.allocate(MIB);
    OutOfMemoryError error = assertThrows(OutOfMemoryError.class, () -> pages.allocate(MIB));
    assertEquals("allocator-spark: no memory for a page: size=" + MIB, error.getMessage());
    pages.free(first);
    pages.free(second);
  }

  @Test
  void takesAPageOfNoBytes() {
    TungstenPages pages = new TungstenPages(allocator, () -> 0);
    MemoryBlock page = pages.allocate(0);
    assertEquals(0, page.size());
    assertTrue(page.getBaseOffset() != Allocator.NULL);
    pages.free(page);
  }
}
