package org.jallocator.fixedblock;

import java.lang.invoke.VarHandle;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.OwnerFence;
import org.jallocator.testkit.RecordingAllocator;
import org.jspecify.annotations.Nullable;

/**
 * A heap with one page of 64 blocks, all in the active word, and an owner.
 *
 * <p>The harness decides which thread plays the owner, after this is made. So the ownership is in
 * the name of another thread, and the owner's thread is told to {@link #revoke}, which fences it.
 */
abstract class OneHeap {

  private static final long BASE = 1 << 20;
  private static final long BLOCK_SIZE = 64;
  private static final int BLOCKS = 64;
  private static final PageLayout LAYOUT =
      PageLayout.ofFixedBlocks(
          RecordingAllocator.create(), BLOCKS * BLOCK_SIZE, BLOCK_SIZE, BLOCK_SIZE);

  /** In whose name the heap is owned. */
  private static final Thread NAME = new Thread("owner");

  /** The thread that plays the owner. */
  private static volatile @Nullable Thread player;

  final FreedTwice freedTwice = new FreedTwice();
  final Heap heap = new Heap("test", new PageLayout[][] {{LAYOUT}}, 0, freedTwice, false);
  final HeapOwner owner = new HeapOwner(NAME, heap);
  final PageTable table = new PageTable(BLOCKS * BLOCK_SIZE);
  final Page page = Page.shared(LAYOUT, heap.pool(0));

  /** A block that is live at first. */
  final long live;

  OneHeap() {
    page.place(BASE, BASE);
    table.add(page);
    heap.pool(0).reserve();
    heap.pool(0).attach(page);
    heap.lock();
    live = heap.takeSlow(0);
    heap.assign(owner);
    heap.unlock();
  }

  /** Says that the calling thread plays the owner; at once if it did before. */
  static void play() {
    Thread thread = Thread.currentThread();
    if (player != thread) {
      player = thread; // volatile: a revoker sees it, or this thread sees that it is revoked
    }
  }

  /** The owner's hot malloc. {@return NULL if the heap is revoked} */
  final long malloc() {
    return owner.takeOfOne(NAME);
  }

  /** The owner's hot free. {@return false if the heap is revoked} */
  final boolean free(long address) {
    return owner.freeOfOne(NAME, address, table);
  }

  /** {@link Heap#lock}, with the fence against the thread that plays the owner. */
  final void revoke() {
    heap.lockOnly();
    heap.revoke();
    VarHandle.fullFence();
    Thread thread = player;
    if (thread != null) {
      OwnerFence.heavy(List.of(thread));
    }
    heap.awaitOwner();
  }

  /** {@return how many blocks are live by their bits, and by the count if that is another} */
  final String books() {
    heap.lockOnly();
    long byCount = heap.pool(0).liveBlocks();
    int byBits = heap.listLive(new long[BLOCKS], 0);
    return byBits == byCount ? "" + byBits : byBits + " by bits, " + byCount + " by count";
  }

  /** {@return whether an address is a block's} */
  static boolean isBlock(long address) {
    return address != Allocator.NULL;
  }
}
