package org.jallocator.spi;

/** Waits on a virtual thread while the Java heap is full. For JDK 21 and later. */
final class WaitingProgram {

  private static final int ROUNDS = 2;
  private static final int TRIES = 60;
  private static final int MOST = 1 << 16;

  private static volatile boolean waited;

  private WaitingProgram() {}

  public static void main(String[] arguments) throws Exception {
    Thread thread =
        (Thread)
            Thread.class
                .getMethod("startVirtualThread", Runnable.class)
                .invoke(null, (Runnable) WaitingProgram::run);
    thread.join();
    System.out.println(waited ? "waited" : "did not wait");
  }

  private static void run() {
    Waiting.pause(0); // loads the class
    for (int round = 0; round < ROUNDS; round++) {
      waitOnAFullHeap();
    }
    waited = true;
  }

  private static void waitOnAFullHeap() {
    Object[] last = fill();
    for (int tries = 0; tries < TRIES; tries++) {
      Waiting.pause(tries);
    }
    last[0] = null;
  }

  /** {@return the last of a chain of arrays, from large to small, that take all of the heap} */
  private static Object[] fill() {
    Object[] last = new Object[1];
    for (int length = MOST; length > 0; ) {
      try {
        Object[] next = new Object[length];
        next[0] = last;
        last = next;
      } catch (OutOfMemoryError e) {
        length >>= 1;
      }
    }
    return last;
  }
}
