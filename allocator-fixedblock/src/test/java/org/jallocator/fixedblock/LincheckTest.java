package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicLong;
import org.jallocator.Allocator;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Lincheck walks through the ways in which threads' steps can interleave, and compares what each
 * call returns with what some order of the calls, one after the other, would. What it says of the
 * code it must say of planted races, too.
 *
 * <p>It takes each step for visible to all threads at once, so it proves nothing about fences: see
 * allocator-jcstress. A free by the owner that races with a remote free is not linearizable, on
 * purpose: see HeapRaceTest.
 */
@Tag("once")
final class LincheckTest {

  /** More turns than any loop has that ends. */
  private static final int LOOP_BOUND = 300;

  private static final long BASE = 1 << 20;
  private static final long BLOCK_SIZE = 64;

  private static ModelCheckingOptions options() {
    return new ModelCheckingOptions()
        .iterations(2)
        .invocationsPerIteration(2500)
        .loopBound(LOOP_BOUND)
        // Not public in Kotlin; the default takes a machine that is loaded for threads that hang.
        .invocationTimeout$lincheck(300_000)
        .actorsBefore(0)
        .actorsAfter(0);
  }

  @Test
  void oneThreadWorksOnAHeapAlsoWhileItIsTakenOver() {
    options().threads(3).actorsPerThread(1).check(Takeover.class);
  }

  @Test
  void aFlagThatTwoOwnersWriteIsFoundOut() {
    assertThrows(
        LincheckAssertionError.class,
        () ->
            options()
                .invocationsPerIteration(20_000)
                .threads(3)
                .actorsPerThread(1)
                .check(SharedFlag.class));
  }

  @Test
  void ofRemoteFreesOfABlockOneWinsAlsoWhileTheyAreCollected() {
    options().threads(2).actorsPerThread(2).actorsAfter(2).check(RemotelyFreed.class);
    options().threads(3).actorsPerThread(1).actorsAfter(2).check(RemotelyFreed.class);
  }

  @Test
  void aCollectThatTakesBitsBeforeItSetsThemIsFoundOut() {
    assertThrows(
        LincheckAssertionError.class,
        () -> options().threads(3).actorsPerThread(1).check(CollectedEarly.class));
  }

  /** A heap with one page of two blocks. */
  abstract static class OnePage {

    final PageLayout layout = PageLayout.ofSizeClass(new TroublesomeInner(), 0, BLOCK_SIZE, 2, 1);
    final Heap heap = new Heap("test", new PageLayout[][] {{layout}}, 0, new FreedTwice(), false);
    final Page page = Page.shared(layout, heap.pool(0));

    OnePage() {
      page.place(BASE, BASE);
      heap.pool(0).reserve();
      heap.pool(0).attach(page);
    }
  }

  /** What each operation returns: whether it was alone in the heap. Lincheck calls it. */
  public static final class Takeover extends OnePage {

    private final HeapOwner first = new HeapOwner(new Thread(), heap);
    private final HeapOwner second = new HeapOwner(new Thread(), heap);
    private int inside;

    public Takeover() {
      assign(first);
    }

    private void assign(HeapOwner owner) {
      if (heap.lock()) {
        heap.assign(owner);
        heap.unlock();
      }
    }

    private boolean work() {
      boolean alone = inside == 0;
      inside = 1;
      inside = 0;
      return alone;
    }

    @SuppressWarnings("NullAway") // only the ownership of nobody has no thread
    private boolean workAs(HeapOwner owner) {
      if (!owner.tryEnter(owner.thread)) {
        return true;
      }
      boolean alone = work();
      owner.exit();
      return alone;
    }

    @Operation(runOnce = true)
    public boolean workAsFirst() {
      return workAs(first);
    }

    @Operation(runOnce = true)
    public boolean takeOverAndWork() {
      assign(second);
      return workAs(second);
    }

    @Operation(runOnce = true)
    public boolean workWithTheLock() {
      if (!heap.lock()) {
        return false;
      }
      boolean alone = work();
      heap.unlock();
      return alone;
    }
  }

  /** Entering as it must not be: the flag stays with the heap when it goes to another owner. */
  public static final class SharedFlag {

    private volatile int owner = 1;
    private volatile int busy;
    private int inside;

    private boolean work() {
      boolean alone = inside == 0;
      inside = 1;
      inside = 0;
      return alone;
    }

    private boolean workAs(int me) {
      boolean alone = true;
      if (owner == me) {
        busy = 1;
        if (owner == me) {
          alone = work();
        }
        busy = 0;
      }
      return alone;
    }

    private void revoke() {
      owner = 0;
      while (busy != 0) {
        Thread.onSpinWait();
      }
    }

    @Operation(runOnce = true)
    public boolean workAsFirst() {
      return workAs(1);
    }

    @Operation(runOnce = true)
    public boolean takeOverAndWork() {
      synchronized (this) {
        revoke();
        owner = 2;
      }
      return workAs(2);
    }

    @Operation(runOnce = true)
    public synchronized boolean workWithTheLock() {
      int old = owner;
      revoke();
      boolean alone = work();
      owner = old;
      return alone;
    }
  }

  /** Two blocks of one word, both live at first. A free returns whether it succeeded. */
  @Param(name = "block", gen = IntGen.class, conf = "0:1")
  public static final class RemotelyFreed extends OnePage {

    public RemotelyFreed() {
      if (heap.lock()) {
        for (int i = 0; i < 2; i++) {
          if (heap.takeSlow(0) == Allocator.NULL) {
            throw new AssertionError("page is full");
          }
        }
        heap.unlock();
      }
    }

    @Operation
    public boolean free(@Param(name = "block") int block) {
      return heap.freeRemotely(page, block) != RemoteFrees.Added.ALREADY;
    }

    @Operation
    public void collect() {
      if (heap.lock()) {
        heap.collect();
        heap.unlock();
      }
    }
  }

  /** Collecting as it must not be: for a moment a block is free nowhere. */
  public static final class CollectedEarly {

    private final AtomicLong remote = new AtomicLong();
    private volatile long own;

    @Operation
    public boolean free() {
      return own == 0 && remote.compareAndSet(0, 1);
    }

    @Operation(runOnce = true)
    public void collect() {
      long taken = remote.getAndSet(0);
      own = own | taken;
    }
  }
}
