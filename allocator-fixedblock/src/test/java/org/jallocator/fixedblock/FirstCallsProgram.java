package org.jallocator.fixedblock;

import java.util.Arrays;
import org.jallocator.Allocator;
import org.jallocator.testkit.RecordingAllocator;

/**
 * The program of {@link FirstCallsTest}: makes a fallback, mallocs or frees for the first time
 * where a stack ends.
 */
final class FirstCallsProgram {

  private static final int BLOCKS = 2_000;
  private static final long STACK = 300_000;

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final FixedBlockAllocator blocks;
  private final long[] live = new long[BLOCKS];
  private int done;
  private String wrong = "";

  private FirstCallsProgram(boolean shared) {
    this.blocks = FixedBlockAllocator.builder(inner).blockSize(64).shared(shared).build();
  }

  /**
   * Makes the first calls, of one kind.
   *
   * @param arguments the kind
   */
  public static void main(String[] arguments) throws InterruptedException {
    FirstCallsProgram test = new FirstCallsProgram(!arguments[0].equals("confined"));
    if (arguments[0].equals("remote")) {
      test.freeRemotely();
    } else if (arguments[0].equals("fallback")) {
      test.makeFallbacks();
    } else {
      test.mallocDeep();
      test.freeAll();
    }
    test.blocks.close();
    test.inner.assertEverythingReturned();
    System.out.println(test.wrong.isEmpty() ? "all is well" : test.wrong);
  }

  private void freeRemotely() throws InterruptedException {
    Arrays.setAll(live, i -> blocks.malloc(64));
    Thread other = new Thread(null, this::freeDeep, "other", STACK);
    other.start();
    other.join();
    if (blocks.stats().liveBlocks() != BLOCKS - done) {
      wrong = "freed " + done + " of " + BLOCKS + ", but live=" + blocks.stats().liveBlocks();
    }
    for (int i = done; i < BLOCKS; i++) {
      blocks.free(live[i]);
    }
  }

  /** Another shape was copied before: so the table of copies is not empty. */
  private void makeFallbacks() throws InterruptedException {
    FallbackAllocator before = FallbackAllocator.create(blocks, inner);
    Thread other = new Thread(null, () -> makeDeep(before), "other", STACK);
    other.start();
    other.join();
    Class<?> made = FallbackAllocator.create(blocks, before).getClass();
    if (!made.isHidden()
        || FallbackAllocator.create(blocks, inner).getClass() != before.getClass()) {
      wrong += " afterwards: " + made;
    }
  }

  @SuppressWarnings("InfiniteRecursion") // as in mallocDeep
  private void makeDeep(Allocator other) {
    try {
      makeDeep(other);
    } catch (StackOverflowError end) {
      // As in mallocDeep.
    }
    try {
      done += FallbackAllocator.create(blocks, other).isShared() ? 0 : 1;
    } catch (StackOverflowError noRoom) {
      // The next one has more.
    } catch (Throwable e) {
      wrong = e.toString();
    }
  }

  private void freeAll() {
    for (int i = 0; i < done; i++) {
      blocks.free(live[i]);
    }
  }

  /** Calls itself to the end of the stack, and allocates once from each depth on the way back. */
  @SuppressWarnings("InfiniteRecursion") // that is what ends the stack
  private void mallocDeep() {
    try {
      mallocDeep();
    } catch (StackOverflowError end) {
      // From here on there is a little more room with each return.
    }
    if (done < BLOCKS) {
      try {
        live[done] = blocks.malloc(64);
        done++;
      } catch (StackOverflowError noRoom) {
        // The next one has more.
      } catch (Throwable e) {
        wrong = e.toString();
      }
    }
  }

  @SuppressWarnings("InfiniteRecursion") // as in mallocDeep
  private void freeDeep() {
    try {
      freeDeep();
    } catch (StackOverflowError end) {
      // As in mallocDeep.
    }
    if (done < BLOCKS) {
      try {
        blocks.free(live[done]);
        done++;
      } catch (StackOverflowError noRoom) {
        // The next one has more.
      } catch (Throwable e) {
        wrong = e.toString();
      }
    }
  }
}
