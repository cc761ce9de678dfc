package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jallocator.Allocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/**
 * Interleavings of threads that race for one heap, each written out: a thread that is stopped
 * between two steps is played by the steps that it has done. See {@link LincheckTest} for those
 * that are searched for.
 */
final class HeapStepsTest {

  private static final long BASE = 1 << 20;
  private static final long BLOCK_SIZE = 64;
  private static final int BLOCKS = 128;

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final PageLayout layout =
      PageLayout.ofFixedBlocks(inner, BLOCKS * BLOCK_SIZE, BLOCK_SIZE, 16);
  private final FreedTwice freedTwice = new FreedTwice();
  private final Heap heap = new Heap("test", new PageLayout[][] {{layout}}, 0, freedTwice, false);
  private final PageTable table = new PageTable(BLOCKS * BLOCK_SIZE);
  private final Page page = Page.shared(layout, heap.pool(0));
  private final Thread thread = Thread.currentThread();
  private final HeapOwner owner = new HeapOwner(thread, heap);

  /** The heap is this thread's, and has one page. */
  HeapStepsTest() {
    page.place(BASE, BASE);
    table.add(page);
    heap.pool(0).reserve();
    heap.pool(0).attach(page);
    assertTrue(heap.lock());
    heap.assign(owner);
    heap.unlock();
  }

  private long malloc() {
    long address = owner.takeOfOne(thread);
    if (address == Allocator.NULL) {
      assertTrue(heap.tryEnter(thread));
      address = heap.takeSlow(0);
      heap.exit();
    }
    return address;
  }

  @Test
  void theOwnerSeesARemoteFreeWhileAnotherOneOfTheSameWordIsNotDone() {
    long x = malloc();
    long y = malloc();
    assertEquals(RemoteFrees.Added.FIRST_OF_WORD, page.remote.add((int) page.index(y)));
    // Here the thread that frees y is stopped: the page is not in the heap's list yet.
    heap.freeRemotely(page, (int) page.index(x));
    assertFalse(owner.freeOfOne(thread, x, table), "freed twice, one after the other");
  }

  @Test
  void aBlockThatTwoThreadsFreedIsNotHandedOutBeforeThatIsFound() {
    long[] blocks = new long[2 * Long.SIZE];
    for (int i = 0; i <= Long.SIZE; i++) {
      blocks[i] = malloc(); // the last one is of the second word, which is active from now on
    }
    int twice = (int) page.index(blocks[3]);
    assertTrue(heap.tryEnter(thread));
    heap.freeSlow(page, (int) page.index(blocks[7]), blocks[7]);
    heap.exit();
    assertTrue(owner.freeOfOne(thread, blocks[3], table));
    // Another thread saw the block live before that, and adds it only now.
    page.remote.add(twice);
    heap.freeRemotely(page, (int) page.index(blocks[9]));
    for (int i = Long.SIZE + 1; i < blocks.length; i++) {
      blocks[i] = malloc();
    }
    assertEquals(blocks[3], malloc());
    assertNotNull(freedTwice.take("test"));
    heap.collectAll();
    assertFalse(heap.pool(0).isFree(page, twice), "free again behind the new owner's back");
  }
}
