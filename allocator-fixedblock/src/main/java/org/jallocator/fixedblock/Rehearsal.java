package org.jallocator.fixedblock;

/**
 * Does once, in memory that is none, what else a thread would do for the first time at any point of
 * a call: the virtual machine links the calls of var handles at the first one, which takes more
 * stack than all the rest. At the end of a stack a remote free had set its bit by then, and threw.
 */
final class Rehearsal {

  private static final long ADDRESS = 1 << 12;

  private Rehearsal() {}

  /** Mallocs, frees remotely, collects and locks. */
  static void run() {
    PageLayout layout = PageLayout.ONE_WORD;
    Heap heap = new Heap("", new PageLayout[][] {{layout}}, 0, new FreedTwice(), true);
    BlockPool pool = heap.pool(0);
    Page page = Page.shared(layout, pool);
    page.place(ADDRESS, ADDRESS);
    pool.reserve();
    pool.attach(page);
    boolean locked = heap.tryLock();
    assert locked;
    long first = heap.takeSlow(0);
    long second = heap.take(heap.pool(0));
    heap.leave(false);
    for (long block : new long[] {first, second, second}) {
      RemoteFrees.Added unused = heap.freeRemotely(page, (int) page.index(block));
    }
    heap.collect();
    heap.collectAll();
    long live = pool.liveBlocksForOthers();
    assert live == 0;
  }
}
