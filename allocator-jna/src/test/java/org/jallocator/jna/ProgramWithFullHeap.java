package org.jallocator.jna;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/** Closes scopes of many blocks while the Java heap has no room. */
final class ProgramWithFullHeap {

  private ProgramWithFullHeap() {}

  /** Invents addresses and counts. */
  private static final class Counting implements Allocator {

    private long next = 1L << 44;
    private long live;

    @Override
    public long malloc(long size) {
      long address = next;
      next += (size + 4095) & -4096;
      live++;
      return address;
    }

    @Override
    public long tryMalloc(long size) {
      return malloc(size);
    }

    @Override
    public void free(long address) {
      live--;
    }

    @Override
    public void free(long address, long size) {
      live--;
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
    for (int size = 64 << 20; size >= 1024; size /= 2) {
      try {
        while (count < hoard.length) {
          hoard[count++] = new byte[size];
        }
      } catch (OutOfMemoryError e) {
        // A smaller one may fit.
      }
    }
  }

  public static void main(String[] args) {
    for (int count : new int[] {1 << 16, (1 << 16) - 1, 1 << 17}) {
      Counting counting = new Counting();
      NativeScope scope = NativeScope.open(counting);
      scope.malloc(16);
      for (int i = 0; i < count; i++) {
        scope.malloc(4096);
      }
      fillHeap();
      String thrown = "";
      try {
        scope.close();
      } catch (RuntimeException | Error e) {
        thrown = " with an error";
      }
      hoard = NONE;
      System.out.println("CLOSED live=" + counting.live + thrown);
    }
  }
}
