package org.jallocator.diagnostics;

import org.jallocator.Allocator;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.ShallowInner;

/**
 * The program of {@link NoRoomTest}: closes a layer with live blocks while the Java heap is full,
 * or where a stack ends, for the first time in a process; or pushes the counters of {@code stats}.
 */
final class NoRoomProgram {

  private static final int BLOCKS = 500;
  private static final int SIZE = 64;
  private static final int MOST_SLACK = 72 << 10;
  private static final int STEP = 8 << 10;
  private static final int STEP_OF_PUSHES = 2_000;
  private static final long STACK = 300_000;

  private static final Object[] HOARD = new Object[1 << 15];
  private static int hoarded;

  private final String name;
  private final boolean release;
  private final ShallowInner memory = new ShallowInner(RecordingAllocator.create());
  private final Allocator layer;
  private boolean ended;
  private String wrong = "";

  private NoRoomProgram(String name, boolean release) {
    this.name = name;
    this.release = release;
    this.layer = Layers.of(name).apply(memory);
    for (int i = 0; i < BLOCKS; i++) {
      long unused = layer.malloc(SIZE);
    }
  }

  /**
   * Closes one layer.
   *
   * @param arguments its name; {@code heap} or {@code stack}; {@code close}, {@code release} or
   *     {@code push}
   */
  public static void main(String[] arguments) throws InterruptedException {
    boolean release = arguments[2].equals("release");
    String wrong = "";
    if (arguments[2].equals("push")) {
      for (int slack = 0; slack < MOST_SLACK && wrong.isEmpty(); slack += STEP_OF_PUSHES) {
        wrong = pushOnAFullHeap(slack);
      }
    } else if (arguments[1].equals("heap")) {
      for (int slack = 0; slack < MOST_SLACK && wrong.isEmpty(); slack += STEP) {
        wrong = new NoRoomProgram(arguments[0], release).onAFullHeap(slack);
      }
    } else {
      wrong = new NoRoomProgram(arguments[0], release).atTheEndOfAStack();
    }
    System.out.println(wrong.isEmpty() ? "all is well" : wrong);
  }

  private String onAFullHeap(int slack) {
    fill(slack);
    tryClose();
    giveBack();
    return closeAndCheck(", slack=" + slack);
  }

  private static String pushOnAFullHeap(int slack) {
    StatsAllocator stats = StatsAllocator.create(new ShallowInner(RecordingAllocator.create()));
    stats.push();
    StatsCounters unused = stats.pop(); // what is linked at the first use does not fail below
    int pushes = 0;
    fill(slack);
    try {
      while (pushes < Integer.MAX_VALUE) {
        stats.push();
        pushes++;
      }
    } catch (OutOfMemoryError full) {
      giveBack();
    }
    int pops = 0;
    try {
      while (pops < Integer.MAX_VALUE) {
        unused = stats.pop();
        pops++;
      }
    } catch (IllegalStateException none) {
      // All are popped.
    }
    return pops == pushes ? "" : "pushes=" + pushes + ", pops=" + pops + ", slack=" + slack;
  }

  private static void giveBack() {
    while (hoarded > 0) {
      HOARD[--hoarded] = null;
    }
  }

  /** Fills the heap with arrays, large ones first, but for some bytes. */
  private static void fill(int slack) {
    HOARD[hoarded++] = new byte[slack];
    for (int size = 1 << 20; size >= 1 << 8; size /= 2) {
      try {
        while (hoarded < HOARD.length) {
          HOARD[hoarded] = new byte[size];
          hoarded++;
        }
      } catch (OutOfMemoryError e) {
        // A smaller one may fit.
      }
    }
    HOARD[0] = "";
  }

  private String atTheEndOfAStack() throws InterruptedException {
    Thread deep = new Thread(null, this::deepen, "deep", STACK);
    deep.start();
    deep.join();
    return closeAndCheck("");
  }

  /** Calls itself to the end of the stack, and closes on the way back as soon as there is room. */
  @SuppressWarnings("InfiniteRecursion") // that is what ends the stack
  private void deepen() {
    try {
      deepen();
    } catch (StackOverflowError end) {
      // From here on there is a little more room with each return.
    }
    tryClose();
  }

  /** Closes once, unless that has ended before, or says what is wrong. */
  private void tryClose() {
    if (!ended) {
      try {
        close();
        wrong = "no leak was found";
        ended = true;
      } catch (LeakException e) {
        ended = true;
      } catch (StackOverflowError | OutOfMemoryError noRoom) {
        // The next call has more.
      } catch (RuntimeException | Error e) {
        wrong = e.toString();
        ended = true;
      }
    }
  }

  private void close() {
    if (release) {
      layer.closeAndRelease();
    } else {
      layer.close();
    }
  }

  private String closeAndCheck(String trial) {
    tryClose();
    if (wrong.isEmpty() && memory.live() != (release ? 0 : BLOCKS)) {
      wrong = "the inner has live=" + memory.live();
    }
    if (wrong.isEmpty() && memory.wrongFrees() != 0) {
      wrong = "wrong frees=" + memory.wrongFrees();
    }
    return wrong.isEmpty() ? "" : name + ": " + wrong + trial;
  }
}
