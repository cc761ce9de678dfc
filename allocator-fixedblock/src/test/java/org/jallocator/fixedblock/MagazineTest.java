package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jallocator.Allocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** What a pool hands out while its free blocks are scattered, few to a word. */
final class MagazineTest {

  private static final long BASE = 1 << 20;
  private static final long BLOCK_SIZE = 64;
  private static final int BLOCKS = 1024;

  private final PageLayout layout =
      PageLayout.ofFixedBlocks(RecordingAllocator.create(), BLOCKS * BLOCK_SIZE, BLOCK_SIZE, 16);
  private final BlockPool pool = new BlockPool("test", null, 0, layout);
  private final List<Page> pages = new ArrayList<>();

  /** How often a block could not be had by the hot path. */
  private int refills;

  private Page attachPage() {
    Page page = Page.shared(layout, pool);
    long start = BASE + BLOCKS * BLOCK_SIZE * pages.size();
    page.place(start, start);
    pool.reserve();
    pool.attach(page);
    pages.add(page);
    return page;
  }

  private long take() {
    long address = takeHot(false);
    if (address == Allocator.NULL) {
      refills++;
      assertTrue(pool.refill());
      address = pool.takeAtHand(false);
    }
    assertNotEquals(Allocator.NULL, address);
    return address;
  }

  private long takeHot(boolean remote) {
    long address = pool.take();
    return address != Allocator.NULL ? address : pool.takeLoaded(remote);
  }

  private void free(long address) {
    int block = (int) ((address - BASE) / BLOCK_SIZE);
    Page page = pages.get(block / BLOCKS);
    if (!pool.free(page, block % BLOCKS)) {
      pool.freeSlow(page, block % BLOCKS, address);
    }
  }

  private static long address(int block) {
    return BASE + block * BLOCK_SIZE;
  }

  /** Takes all blocks, frees each 32nd, and takes those of the active word and one more. */
  private void scatter() {
    for (int i = 0; i < BLOCKS * pages.size(); i++) {
      take();
    }
    for (int i = 0; i < BLOCKS * pages.size(); i += 32) {
      free(address(i));
    }
    refills = 0;
    while (refills == 0) {
      take();
    }
    assertTrue(pool.isScattered());
  }

  private int countFree() {
    int count = 0;
    for (int i = 0; i < BLOCKS * pages.size(); i++) {
      count += isFree(address(i)) ? 1 : 0;
    }
    return count;
  }

  @Test
  void theBlockThatWasFreedLastIsHandedOutNext() {
    attachPage();
    scatter();
    for (int block : new int[] {999, 7, 500}) {
      free(address(block));
      assertEquals(address(block), takeHot(false));
    }
    free(address(3));
    free(address(67));
    assertEquals(address(67), takeHot(false));
    assertEquals(address(3), takeHot(false));
  }

  @Test
  void blocksThatAreReplacedAtRandomNeedNoRefill() {
    attachPage();
    attachPage();
    scatter();
    Random random = new Random(1);
    refills = 0;
    for (int i = 0; i < 100_000; i++) {
      long out = address(random.nextInt(2 * BLOCKS));
      if (!isFree(out)) {
        free(out);
        take();
      }
    }
    assertEquals(0, refills);
  }

  private boolean isFree(long address) {
    int block = (int) ((address - BASE) / BLOCK_SIZE);
    return pool.isFree(pages.get(block / BLOCKS), block % BLOCKS);
  }

  @Test
  void eachFreeBlockIsHandedOutOnceAndTheLowestWordsFirst() {
    attachPage();
    attachPage();
    scatter();
    Set<Long> taken = new HashSet<>();
    long greatestOfTheFirst = 0;
    int count = countFree();
    for (int i = 0; i < count; i++) {
      long address = take();
      assertTrue(taken.add(address), "twice: " + address);
      if (i < BLOCKS / 32 - 1) {
        greatestOfTheFirst = Math.max(greatestOfTheFirst, address);
      }
    }
    assertTrue(greatestOfTheFirst < address(BLOCKS), "the first page fills up first");
    assertFalse(pool.refill());
    assertEquals(2 * BLOCKS, pool.liveBlocks());
  }

  @Test
  void aPoolWithFewLiveBlocksKeepsAnActiveWord() {
    int few = 150;
    PageLayout small =
        PageLayout.ofFixedBlocks(RecordingAllocator.create(), few * BLOCK_SIZE, BLOCK_SIZE, 16);
    BlockPool pool = new BlockPool("test", null, 0, small);
    Page page = Page.shared(small, pool);
    page.place(BASE, BASE);
    pool.reserve();
    pool.attach(page);
    for (int i = 0; i < few; i++) {
      if (pool.take() == Allocator.NULL) {
        assertTrue(pool.refill());
        assertNotEquals(Allocator.NULL, pool.take());
      }
    }
    for (int i = 0; i < few; i += 4) {
      pool.freeSlow(page, i, address(i));
    }
    while (pool.take() != Allocator.NULL) {}
    assertTrue(pool.refill());
    assertFalse(pool.isScattered());
  }

  @Test
  void aWordWithManyFreeBlocksIsMadeActive() {
    attachPage();
    scatter();
    while (takeHot(false) != Allocator.NULL) {}
    for (int i = 128; i < 192; i++) {
      if (!isFree(address(i))) {
        free(address(i));
      }
    }
    while (takeHot(false) != Allocator.NULL) {}
    for (int i = 0; i < 64; i += 2) { // the magazine is in use: these go into it
      free(address(i));
    }
    attachPage();
    while (takeHot(false) != Allocator.NULL) {}
    take();
    assertFalse(pool.isScattered(), "a new page has nothing but words of 64 free blocks");
  }

  @Test
  void aBlockThatIsFreedRemotelyTooStaysUntilThatIsCollected() {
    Page page = attachPage();
    scatter();
    free(address(9));
    page.remote.add(9);
    assertNotEquals(address(9), takeHot(true));
    assertTrue(isFree(address(9)));
    assertEquals(1L << 9, pool.collect(page, 0), "it was freed twice");
    Set<Long> taken = new HashSet<>();
    for (long live = pool.liveBlocks(); live < BLOCKS; live++) {
      taken.add(take());
    }
    assertTrue(taken.contains(address(9)));
  }

  @Test
  void aFreeBlockIsFoundHoweverFarItIsFromTheFirstWord() {
    int many = 8192;
    PageLayout large =
        PageLayout.ofFixedBlocks(RecordingAllocator.create(), many * BLOCK_SIZE, BLOCK_SIZE, 16);
    BlockPool pool = new BlockPool("test", null, 0, large);
    for (int i = 0; i < 2; i++) {
      Page page = Page.shared(large, pool);
      page.place(address(i * many), address(i * many));
      pool.reserve();
      pool.attach(page);
      pages.add(page);
    }
    for (int i = 0; i < 2 * many; i++) {
      if (pool.take() == Allocator.NULL) {
        assertTrue(pool.refill());
        assertNotEquals(Allocator.NULL, pool.take());
      }
    }
    for (int block : new int[] {0, 4095, 4096, 6000, 8191, 8192, 16_000}) {
      Page page = pages.get(block / many);
      pool.freeSlow(page, block % many, address(block));
      assertTrue(pool.refill());
      assertEquals(address(block), pool.takeAtHand(false));
    }
    assertFalse(pool.refill());
  }

  @Test
  void aPoolOfWhichMostIsFreeGivesTheLowestWordsAgainSoThatPagesDrain() {
    for (int i = 0; i < 8; i++) {
      attachPage();
    }
    scatter();
    Random random = new Random(1);
    List<Long> live = new ArrayList<>();
    for (int i = 0; i < 8 * BLOCKS; i++) {
      if (!isFree(address(i))) {
        live.add(address(i));
      }
    }
    while (live.size() > 8 * BLOCKS * 2 / 5) {
      free(takeOut(live, random));
    }
    for (int i = 0; i < 100_000; i++) {
      free(takeOut(live, random));
      live.add(take());
    }
    assertFalse(pool.isScattered());
    long inTheLast = live.stream().filter(address -> address >= address(7 * BLOCKS)).count();
    assertEquals(0, inTheLast, "the last page has drained");
  }

  private static long takeOut(List<Long> live, Random random) {
    int last = live.size() - 1;
    int at = random.nextInt(live.size());
    long address = live.get(at);
    live.set(at, live.get(last));
    live.remove(last);
    return address;
  }

  @Test
  void anEntryOfALiveBlockIsPassedOver() {
    Page page = attachPage();
    scatter();
    assertFalse(isFree(address(33)));
    pool.load(page, 33);
    assertNotEquals(address(33), takeHot(false));
    free(address(33)); // is found live
  }

  @Test
  void anEntryOfAPageThatHasGoneIsPassedOver() {
    attachPage();
    attachPage();
    scatter();
    while (takeHot(false) != Allocator.NULL) {}
    for (int i = BLOCKS; i < 2 * BLOCKS; i++) {
      if (!isFree(address(i))) {
        free(address(i));
      }
    }
    Page gone = pool.detachAllFree();
    assertEquals(pages.get(1), gone);
    long address = takeHot(false);
    assertTrue(address == Allocator.NULL || address < address(BLOCKS), "of a page that has gone");
    assertEquals(pages.get(0).liveCount(), pool.liveBlocks());
  }

  /** Each malloc of a common heap is a slow call; filling the magazine each time took longer. */
  @Test
  void aCommonHeapTooHandsOutTheBlockThatWasFreedLast() {
    Heap heap = new Heap("test", new PageLayout[][] {{layout}}, 0, new FreedTwice(), true);
    BlockPool common = heap.pool(0);
    Page page = Page.shared(layout, common);
    page.place(BASE, BASE);
    common.reserve();
    common.attach(page);
    assertTrue(heap.tryLock());
    for (int i = 0; i < BLOCKS; i++) {
      assertNotEquals(Allocator.NULL, heap.takeSlow(0));
    }
    for (int i = 0; i < BLOCKS - Long.SIZE; i += 100) {
      heap.freeSlow(page, i, address(i));
    }
    assertEquals(address(0), heap.takeSlow(0), "the magazine is filled, the lowest on top");

    heap.freeSlow(page, 777, address(777));
    assertEquals(address(777), heap.takeSlow(0));
  }
}
