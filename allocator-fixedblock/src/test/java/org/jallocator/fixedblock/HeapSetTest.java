package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.testkit.RecordingAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which heaps are idle, who may have them, and that looking for them keeps nobody waiting. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class HeapSetTest {

  private static final long BASE = 1 << 20;
  private static final long BLOCK_SIZE = 64;
  private static final int BLOCKS = 128;

  /** More than the time between two looks for idle heaps, whichever fence is in use. */
  private static final long BETWEEN_LOOKS_NANOS = 11_000_000;

  private final PageLayout layout =
      PageLayout.ofFixedBlocks(RecordingAllocator.create(), BLOCKS * BLOCK_SIZE, BLOCK_SIZE, 16);

  /** A set in which one thread may own a heap. */
  private final HeapSet heaps =
      new HeapSet(
          1,
          common -> new Heap("test", new PageLayout[][] {{layout}}, 0, new FreedTwice(), common));

  private final ExecutorService other =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "other");
            thread.setDaemon(true);
            return thread;
          });

  @AfterEach
  void endThread() {
    other.shutdownNow();
  }

  private <T> T onOtherThread(Callable<T> task) throws Exception {
    return other.submit(task).get(120, TimeUnit.SECONDS);
  }

  private static void untilNextLook() {
    long end = System.nanoTime() + BETWEEN_LOOKS_NANOS;
    for (long left = BETWEEN_LOOKS_NANOS; left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left); // may return early
    }
  }

  @Test
  void aThreadThatLooksForIdleHeapsDoesNotWaitForTheSet() throws Exception {
    untilNextLook();
    assertTrue(heaps.lockAll());
    try {
      assertNull(onOtherThread(heaps::idle));
    } catch (TimeoutException e) {
      throw new AssertionError("waits for the thread that has the set", e);
    } finally {
      heaps.unlockAll();
    }
  }

  @Test
  void theHeapOfAnIdleOwnerGoesToAThreadThatNeedsOne() throws Exception {
    Heap heap = heaps.heapOf(Thread.currentThread());
    assertSame(heap, heapOfOtherThread());
  }

  @Test
  void anOwnerAtWorkIsNotIdleHoweverLongItWorks() throws Exception {
    Thread me = Thread.currentThread();
    Heap heap = heaps.heapOf(me);
    assertNotNull(heap);
    assertTrue(heap.tryEnter(me));
    assertNull(heapOfOtherThread());
    heap.exit();
    assertSame(heap, heapOfOtherThread());
  }

  /** {@return the heap that another thread gets within some looks, or null} */
  private @Nullable Heap heapOfOtherThread() throws Exception {
    for (int i = 0; i < 5; i++) {
      untilNextLook();
      Heap heap =
          onOtherThread(
              () -> {
                Heap found = null;
                // A set at its limit looks at each 64th call.
                for (int call = 0; call < 64 && found == null; call++) {
                  found = heaps.heapOf(Thread.currentThread());
                }
                return found;
              });
      if (heap != null) {
        return heap;
      }
    }
    return null;
  }

  @Test
  void thePagesOfAnOwnerStayWhileItMayWaitForAProcessor() {
    Thread me = Thread.currentThread();
    Heap heap = heapWithPage(me);
    mallocAndFree(heap, me);
    untilNextLook();
    long start = System.nanoTime();
    assertNull(heaps.idle());
    assertSame(heap, idle());
    assertTrue(System.nanoTime() - start >= 20_000_000);
  }

  @Test
  void anOwnerThatWorksNowAndThenIsNotIdle() {
    Thread me = Thread.currentThread();
    Heap heap = heapWithPage(me);
    for (int i = 0; i < 50; i++) {
      untilNextLook();
      mallocAndFree(heap, me);
      assertNull(heaps.idle());
    }
    assertSame(heap, idle());
  }

  @Test
  void aThreadThatHasEndedIsNotKeptWhenItsHeapHasAnotherOwner() throws Exception {
    WeakReference<Thread> ended = endedOwner();
    assertNotNull(onOtherThread(this::heapInTime));
    assertGoes(ended);
  }

  @Test
  void aThreadThatHasEndedIsNotKeptWhenIdleHeapsAreLookedFor() throws Exception {
    WeakReference<Thread> ended = endedOwner();
    untilNextLook();
    assertNull(heaps.idle());
    assertGoes(ended);
  }

  /** {@return a thread that owned a heap and has ended} */
  private WeakReference<Thread> endedOwner() throws InterruptedException {
    Thread thread = new Thread(() -> assertNotNull(heaps.heapOf(Thread.currentThread())));
    thread.start();
    thread.join();
    return new WeakReference<>(thread);
  }

  /** {@return a heap of the calling thread, for which it looks seldom} */
  private @Nullable Heap heapInTime() {
    Heap heap = null;
    for (int i = 0; i < 64 && heap == null; i++) {
      heap = heaps.heapOf(Thread.currentThread());
    }
    return heap;
  }

  private static void assertGoes(WeakReference<Thread> thread) throws InterruptedException {
    for (int i = 0; i < 100 && thread.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertNull(thread.get());
  }

  private static void mallocAndFree(Heap heap, Thread owner) {
    assertTrue(heap.tryEnter(owner));
    heap.freeSlow(heap.pool(0).page(0), 0, heap.takeSlow(0));
    heap.exit();
  }

  private Heap heapWithPage(Thread thread) {
    Heap heap = heaps.heapOf(thread);
    assertNotNull(heap);
    attachPage(heap);
    return heap;
  }

  private void attachPage(Heap heap) {
    BlockPool pool = heap.pool(0);
    Page page = Page.shared(layout, pool);
    page.place(BASE, BASE);
    pool.reserve();
    pool.attach(page);
  }

  /** Looks until a heap is idle. */
  private Heap idle() {
    Heap heap = heaps.idle();
    while (heap == null) {
      heap = heaps.idle();
    }
    return heap;
  }
}
