package org.jallocator.jna;

import com.sun.jna.Native;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/** Callbacks whose allocator leaves no room on the Java heap as it returns. */
final class ProgramWithFullHeapInCallbacks {

  private ProgramWithFullHeapInCallbacks() {}

  /** Invents addresses, and does something as it hands a block out or is asked to take one. */
  private static final class Troubled implements Allocator {

    private long next = 1L << 44;
    private Runnable trouble = () -> {};

    @Override
    public long malloc(long size) {
      long address = next;
      next += (size + 4095) & -4096;
      trouble.run();
      return address;
    }

    @Override
    public long tryMalloc(long size) {
      return malloc(size);
    }

    @Override
    public void free(long address) {
      trouble.run();
    }

    @Override
    public void free(long address, long size) {
      trouble.run();
    }

    @Override
    public long maxSize() {
      return Long.MAX_VALUE;
    }

    @Override
    public long alignment() {
      return 16;
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public AllocatorStats stats() {
      return AllocatorStats.UNTRACKED;
    }

    @Override
    public void close() {}
  }

  private static final Object[] NONE = {};

  private static Object[] hoard = NONE;

  private static void fillHeap() {
    hoard = new Object[100_000];
    int count = 0;
    for (int size = 64 << 20; size > 0; size /= 2) {
      try {
        while (count < hoard.length) {
          hoard[count++] = new byte[size];
        }
      } catch (OutOfMemoryError e) {
        // A smaller one may fit.
      }
    }
  }

  /** Refuses a block, each time after one more was taken: at times the table is full then. */
  private static void refuse() {
    var troubled = new Troubled();
    var heap = new CallbackHeap(troubled, thrown -> {});
    var refusal = new IllegalStateException("refused");
    long block = heap.malloc(16);
    int count = 1;
    while (count < 40 && heap.liveBlocks() == count) {
      troubled.trouble =
          () -> {
            troubled.trouble = () -> {};
            heap.malloc(16);
            fillHeap();
            throw refusal;
          };
      heap.free(block);
      hoard = NONE;
      count++;
    }
    System.out.println("REFUSED lost=" + (count - heap.liveBlocks()));
  }

  private static void align() {
    long place = Native.malloc(8);
    for (long alignment = 16; alignment <= 64; alignment *= 4) {
      var troubled = new Troubled();
      var heap = new CallbackHeap(troubled, thrown -> {});
      troubled.trouble = ProgramWithFullHeapInCallbacks::fillHeap;
      int error = heap.posixMemalign(place, alignment, 100);
      hoard = NONE;
      System.out.println("ALIGNED error=" + error + ", live=" + heap.liveBlocks());
    }
    Native.free(place);
  }

  /** Loads and links what the first calls of a process do. */
  private static void warmUp() {
    long place = Native.malloc(8);
    var troubled = new Troubled();
    var heap = new CallbackHeap(troubled, thrown -> {});
    heap.posixMemalign(place, 64, 100);
    long block = heap.malloc(100);
    troubled.trouble =
        () -> {
          throw new IllegalStateException("refused");
        };
    heap.free(block);
    Native.free(place);
  }

  public static void main(String[] args) {
    warmUp();
    align();
    refuse();
  }
}
