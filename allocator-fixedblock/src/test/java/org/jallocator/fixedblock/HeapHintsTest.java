package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** Threads find their hints, also in the array that an allocator was told of. */
final class HeapHintsTest {

  private static final class NumberedThread extends Thread {

    private final long number;

    NumberedThread(long number) {
      this.number = number;
    }

    @Override
    public long getId() {
      return number;
    }
  }

  private final PageLayout layout =
      PageLayout.ofFixedBlocks(RecordingAllocator.create(), 4096, 64, 16);
  private final HeapHints hints = new HeapHints();
  private HeapOwner[] told = {};

  private HeapOwner owner(long number) {
    Heap heap = new Heap("test", new PageLayout[][] {{layout}}, 0, new FreedTwice(), false);
    HeapOwner owner = new HeapOwner(new NumberedThread(number), heap);
    assertTrue(heap.lock());
    heap.assign(owner);
    heap.unlock();
    return owner;
  }

  @Test
  void twoThreadsWhoseNumbersMeetBothHaveAHint() {
    hints.tell(table -> told = table);
    int length = told.length;
    HeapOwner first = owner(5);
    HeapOwner second = owner(5 + length);
    Heap[] all = {first.home, second.home};
    hints.set(first, all);
    assertSame(first, told[5]);
    hints.set(second, all);
    assertTrue(told.length > length, "the larger array was not told of");
    for (HeapOwner owner : new HeapOwner[] {first, second}) {
      Thread thread = Objects.requireNonNull(owner.thread);
      assertSame(owner, hints.of(thread));
      assertSame(owner, told[(int) thread.getId() & (told.length - 1)]);
    }
  }
}
