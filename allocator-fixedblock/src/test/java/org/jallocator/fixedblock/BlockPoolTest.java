package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jallocator.Allocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** What a pool says of itself to those who decide whether pages come or go. */
final class BlockPoolTest {

  private static final long BASE = 1 << 20;
  private static final long BLOCK_SIZE = 64;
  private static final int BLOCKS = 128;

  private final PageLayout layout =
      PageLayout.ofFixedBlocks(RecordingAllocator.create(), BLOCKS * BLOCK_SIZE, BLOCK_SIZE, 16);
  private final BlockPool pool = new BlockPool("test", null, 0, layout);
  private int pages;

  private Page attachPage() {
    Page page = Page.shared(layout, pool);
    long start = BASE + BLOCKS * BLOCK_SIZE * pages++;
    page.place(start, start);
    pool.reserve();
    pool.attach(page);
    return page;
  }

  private long take() {
    long address = pool.take();
    if (address == Allocator.NULL) {
      assertTrue(pool.refill());
      address = pool.take();
    }
    assertNotEquals(Allocator.NULL, address);
    return address;
  }

  @Test
  void itIsRefilledIffAPageHasAFreeBlock() {
    assertFalse(pool.refill(), "no page");
    Page page = attachPage();
    for (int i = 0; i < BLOCKS; i++) {
      take();
    }
    assertFalse(pool.refill(), "all blocks are live");
    pool.freeSlow(page, 3, BASE + 3 * BLOCK_SIZE);
    assertEquals(BASE + 3 * BLOCK_SIZE, take());
    assertFalse(pool.refill(), "all are live again");
  }

  @Test
  void aPageMayBeTrimmedOnlyIfItHasNoLiveBlock() {
    assertFalse(pool.mayTrim(), "no page");
    Page page = attachPage();
    assertTrue(pool.mayTrim());
    take();
    assertFalse(pool.mayTrim(), "a live block");
    pool.freeSlow(page, 0, BASE);
    assertTrue(pool.mayTrim(), "the active word is all-free, too");
    assertSame(page, pool.detachAllFree());
    assertFalse(pool.mayTrim(), "gone");
  }

  @Test
  void aPageThatGoesTakesItsLiveBlocksOutOfTheCount() {
    Page first = attachPage();
    for (int i = 0; i < BLOCKS; i++) {
      take();
    }
    Page second = attachPage();
    for (int i = 0; i < 5; i++) {
      take();
    }
    assertEquals(BLOCKS + 5, pool.liveBlocks());
    assertEquals(2, countPages());
    Page gone = pool.detachAny();
    assertEquals(gone == first ? BLOCKS : 5, gone.liveCount());
    assertEquals(gone == first ? 5 : BLOCKS, pool.liveBlocks());
    Page rest = pool.detachAny();
    assertSame(gone == first ? second : first, rest);
    assertEquals(0, pool.liveBlocks());
    assertSame(Page.NONE, pool.detachAny());
    assertEquals(0, countPages());
  }

  private int countPages() {
    int count = 0;
    for (int slot = 0; slot < pool.slots(); slot++) {
      count += pool.page(slot) == Page.NONE ? 0 : 1;
    }
    return count;
  }

  @Test
  void onlyTheBlockThatComesNextIsAskedForASecondFree() {
    assertFalse(pool.nextWasFreedTwice(), "no active word");
    Page page = attachPage();
    for (int i = 0; i < Long.SIZE + 2; i++) {
      take();
    }
    page.remote.add(Long.SIZE + 3);
    page.remote.add(2);
    assertFalse(pool.nextWasFreedTwice(), "others were");
    take();
    assertTrue(pool.nextWasFreedTwice());
  }

  @Test
  void pagesAreDueOnceAQuarterOfAllBlocksIsLive() {
    Page[] all = {attachPage(), attachPage(), attachPage(), attachPage()};
    int count = all.length * BLOCKS;
    for (int i = 0; i < count; i++) {
      take();
    }
    for (int i = count - 1; i >= 0; i--) {
      Page page = all[i / BLOCKS];
      assertFalse(pool.releaseDue(), "live=" + pool.liveBlocks());
      pool.freeSlow(page, i % BLOCKS, page.base + (long) (i % BLOCKS) * BLOCK_SIZE);
      if (pool.liveBlocks() <= count / 4) {
        break;
      }
      assertSame(Page.NONE, pool.detach(), "live=" + pool.liveBlocks());
    }
    assertTrue(pool.releaseDue());
    assertNotSame(Page.NONE, pool.detach());
  }
}
