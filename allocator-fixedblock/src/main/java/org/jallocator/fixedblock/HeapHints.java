package org.jallocator.fixedblock;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * A table that tells a thread, by its number, what is most likely its ownership of a heap. The
 * ownership names its thread; so a hint that is wrong, also since a subclass of Thread answers
 * {@code getId()} as it likes, costs time and nothing else.
 *
 * <p>Any thread may ask, without a lock. Only a thread that has the {@link HeapSet} writes. A hot
 * path asks the array itself: {@link SharedAllocator#ownerOf}.
 */
final class HeapHints {

  private static final int MIN_LENGTH = 64;
  private static final int MAX_LENGTH = 1 << 14;

  /** By the number of a thread, modulo the length, which is a power of two. */
  private HeapOwner[] byNumber = none(MIN_LENGTH);

  /** Takes the array for whoever keeps it as well. */
  private Consumer<HeapOwner[]> copy = table -> {};

  private static HeapOwner[] none(int length) {
    HeapOwner[] none = new HeapOwner[length];
    Arrays.fill(none, HeapOwner.NONE);
    return none;
  }

  /** Passes the array on, now and each time that a hint is set: it may be a larger one then. */
  void publishTo(Consumer<HeapOwner[]> copy) {
    this.copy = copy;
    copy.accept(byNumber);
  }

  /** {@return what most likely is the thread's ownership of a heap; or another's, or none} */
  HeapOwner of(Thread thread) {
    HeapOwner[] byNumber = this.byNumber;
    return byNumber[(int) thread.getId() & (byNumber.length - 1)];
  }

  /**
   * Sets the hint of a thread; makes the table larger if another owner's hint stands there.
   *
   * @param all the heaps whose owners are in a larger table
   */
  void set(HeapOwner owner, Heap[] all) {
    int index = index(owner, byNumber);
    HeapOwner other = byNumber[index];
    boolean taken = other.home.owner() == other && index(other, byNumber) == index;
    if (taken && other.thread != owner.thread && byNumber.length < MAX_LENGTH) {
      grow(all);
    }
    byNumber[index(owner, byNumber)] = owner;
    copy.accept(byNumber); // each time: if it failed once, it is made up for
  }

  private void grow(Heap[] all) {
    HeapOwner[] more = none(byNumber.length * 2);
    for (Heap heap : all) {
      HeapOwner owner = heap.owner();
      if (owner != null) {
        more[index(owner, more)] = owner;
      }
    }
    VarHandle.releaseFence(); // nobody sees the table before what is in it
    byNumber = more;
  }

  /** Takes a hint away, so that its thread is not kept reachable. */
  void remove(HeapOwner owner) {
    int index = index(owner, byNumber);
    if (index >= 0 && byNumber[index] == owner) {
      byNumber[index] = HeapOwner.NONE;
    }
  }

  /** Takes all hints away. Takes no memory. */
  void clear() {
    Arrays.fill(byNumber, HeapOwner.NONE);
  }

  private static int index(HeapOwner owner, HeapOwner[] table) {
    Thread thread = owner.thread;
    return thread == null ? -1 : (int) thread.getId() & (table.length - 1);
  }
}
