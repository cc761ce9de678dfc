package org.jallocator.fixedblock;

import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * Objects that end in two cache lines of nothing, and begin so by {@link FrontPadding}, so that no
 * other object's fields share a line with the fields that one thread writes all the time. The
 * collector may place the objects of two threads side by side; then their threads would take the
 * line from each other with each store, which made a pair of malloc and free two to three times as
 * slow. Two lines, since processors fetch them in pairs. Fields of a subclass lie behind those of
 * its superclass; LayoutTest pins that.
 */
@SuppressWarnings("UnusedVariable") // they are there, that is all
final class Padded {

  private Padded() {}

  /** A heap. */
  static final class PaddedHeap extends Heap {

    // spotless:off
    private long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;
    // spotless:on

    PaddedHeap(
        String layerName,
        PageLayout[][] layouts,
        int keptBlocks,
        FreedTwice freedTwice,
        boolean common) {
      super(layerName, layouts, keptBlocks, freedTwice, common);
    }
  }

  /** An ownership of a heap. */
  static final class PaddedOwner extends HeapOwner {

    // spotless:off
    private long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;
    // spotless:on

    PaddedOwner(Thread thread, Heap home) {
      super(thread, home);
    }
  }

  /** A pool of a heap. */
  static final class PaddedPool extends BlockPool {

    // spotless:off
    private long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;
    // spotless:on

    PaddedPool(String layerName, @Nullable Heap heap, int keptBlocks, PageLayout... layouts) {
      super(layerName, heap, keptBlocks, layouts);
    }
  }

  /** The word of a thread at a gate. */
  static final class PaddedCaller extends CallGate.Caller {

    // spotless:off
    private long p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15;
    // spotless:on

    PaddedCaller(@Nullable WeakReference<Thread> thread) {
      super(thread);
    }
  }
}
