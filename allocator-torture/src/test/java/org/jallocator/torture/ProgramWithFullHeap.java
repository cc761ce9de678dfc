package org.jallocator.torture;

import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.ShallowInner;

/**
 * Calls a stack while the Java heap has no room, or so little that it ends in the middle of a call.
 * The arguments are an expression and how many errors are wanted.
 */
final class ProgramWithFullHeap {

  private static final int HELD = 1 << 14;
  private static final int SLACK = 24 << 10;
  private static final int MOST_CALLS = 1_500;

  private static Object[] hoard = {};
  private static int hoarded;

  private ProgramWithFullHeap() {}

  /** Fills the heap with arrays, large ones first, except for some bytes. */
  private static void fill(int left) {
    hoard[0] = new byte[left + 16];
    hoarded = 1;
    for (int size = 1 << 20; size >= 16; size /= 2) {
      try {
        while (hoarded < hoard.length) {
          hoard[hoarded] = new byte[size];
          hoarded++;
        }
      } catch (OutOfMemoryError e) {
        // A smaller one may fit.
      }
    }
    hoard[0] = "";
  }

  /** Gives back what was filled last, so that there is room again. */
  private static void giveBack() {
    while (hoarded > 0) {
      hoard[--hoarded] = null;
    }
  }

  public static void main(String[] args) {
    String expression = args[0];
    long wanted = Long.parseLong(args[1]);
    hoard = new Object[1 << 16];
    ShallowInner inner = new ShallowInner(RecordingAllocator.create());
    RecordedProvider.use(inner);
    AllocatorStack stack = AllocatorStack.open(expression);
    Allocator allocator = stack.allocator();
    Calls calls = new Calls(allocator);
    calls.warmUp();
    for (int round = 0; calls.errors < wanted && round < 20 * wanted; round++) {
      fill(round * 40 % SLACK);
      calls.run(round);
      giveBack();
      calls.check(round);
    }
    calls.freeAll();
    long most = calls.doubtful;
    try {
      stack.closeAndRelease();
    } catch (LeakException e) {
      if (e.liveBlocks() > most) {
        System.out.println(ChildJvm.WRONG + e.getMessage());
      }
    }
    boolean books = allocator instanceof OwningAllocator;
    if (inner.live() > (books ? 0 : most) || inner.wrongFrees() > 0) {
      System.out.println(
          ChildJvm.WRONG + "lost=" + inner.live() + ", wrong frees=" + inner.wrongFrees());
    }
    System.out.println(ChildJvm.TRIED + calls.errors);
  }

  /** Calls of one stack, and the blocks that they left. */
  private static final class Calls {
    private final Allocator allocator;
    private final long small;
    private final long large;
    private final long[] held = new long[HELD];
    private int count;
    private long errors;
    private long doubtful;

    private Calls(Allocator allocator) {
      this.allocator = allocator;
      this.small = Math.min(allocator.maxSize(), 48);
      this.large = Math.min(allocator.maxSize(), 40_000);
    }

    private void warmUp() {
      for (int i = 0; i < 200; i++) {
        held[count++] = allocator.malloc(i % 9 == 0 ? large : small);
      }
      freeAll();
      allocator.trim();
    }

    /** Mallocs, or mallocs and frees, until the heap has ended once. Allocates nothing itself. */
    private void run(int round) {
      boolean frees = round % 3 == 2;
      boolean freeing = false;
      try {
        for (int i = 0; i < MOST_CALLS && count < HELD; i++) {
          long address = allocator.malloc(i % 7 == 0 ? large : small);
          held[count++] = address;
          if (frees && i % 3 != 0) {
            count--;
            freeing = true;
            allocator.free(address);
            freeing = false;
          }
        }
      } catch (OutOfMemoryError e) {
        errors++;
        doubtful += freeing ? 1 : 0;
      }
    }

    private void check(int round) {
      AllocatorStats stats = allocator.stats();
      long live = stats.liveBlocks();
      if (stats.isTracked() && (live < count || live > count + doubtful)) {
        System.out.println(
            ChildJvm.WRONG + "liveBlocks=" + live + " of " + count + ", round=" + round);
        System.exit(1);
      }
      if (round % 2 == 0 || count > HELD / 2) {
        freeAll();
        allocator.trim();
      }
    }

    private void freeAll() {
      while (count > 0) {
        allocator.free(held[--count]);
      }
    }
  }
}
