package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.LeakException;
import org.jallocator.large.Stripe.State;
import org.jallocator.spi.StackChecked;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One call, made where the stack ends and again in every second frame above that, until it does not
 * overflow any more: each call that overflowed has changed nothing.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@Tag("once")
final class EndOfStackTest {

  private static final int ROUNDS = 8;
  private static final int BLOCKS = 3;
  private static final long STACK_BYTES = 256 * 1024;
  private static final long HOLD_NANOS = 2_000_000;

  /** Calls something ever higher in the stack, on a thread of its own. */
  private static final class Climber {

    private final Runnable call;

    /** Of the call, without those of the descent. */
    private int overflows;

    private int frame;
    private boolean done;

    Climber(Runnable call) {
      this.call = call;
    }

    /**
     * Goes down to the end of the stack, and calls on the way up, once with success.
     *
     * @param padding frames of another length, so that the stack ends at another place in the call
     */
    void climb(int padding) {
      done = false;
      overflows--; // the descent overflows once
      pad(padding, 1);
      assertTrue(done, "each call overflowed");
    }

    private long pad(int padding, long any) {
      if (padding > 0) {
        return pad(padding - 1, 3 * any) + any;
      }
      deepen();
      return any;
    }

    @SuppressWarnings("InfiniteRecursion") // until the stack ends
    private void deepen() {
      try {
        deepen();
      } catch (StackOverflowError e) {
        overflows++;
      }
      if (!done && (frame++ & 1) == 0) {
        call.run();
        done = true;
      }
    }
  }

  private static void onAShortStack(Runnable work) throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                work.run();
              } catch (RuntimeException | Error e) {
                thrown.set(e);
              }
            },
            "short stack",
            STACK_BYTES);
    thread.start();
    thread.join();
    assertNull(thrown.get());
  }

  @Test
  void aFreeThatHasToMakeRoomAndOverflowsFreesNothing() throws InterruptedException {
    onAShortStack(
        () -> {
          FaultyAllocator inner = new FaultyAllocator(4 * ROUNDS);
          LargeBlockAllocator large = LargeBlockAllocator.builder(inner).retain(6000).build();
          long[] block = new long[1];
          Climber climber = new Climber(() -> large.free(block[0]));
          for (int round = 0; round < ROUNDS; round++) {
            long kept = large.malloc(5000);
            block[0] = large.malloc(5000);
            large.free(kept);
            climber.climb(round % 37);
            assertEquals(0, large.stats().liveBlocks());
            assertEquals(inner.liveBytes(), large.stats().reservedBytes());
            large.trim();
          }
          assertTrue(climber.overflows > 0, "overflows=" + climber.overflows);
          large.close();
          assertEquals(0, inner.liveBlocks());
        });
  }

  /**
   * The close waits for a call of the inner, and has to wait for the lock as well when it gives up:
   * to wait takes more stack than to take a lock that is free.
   */
  @Test
  void aCloseThatOverflowsLeavesTheAllocatorOpen() throws InterruptedException {
    onAShortStack(
        () -> {
          for (int round = 0; round < ROUNDS; round++) {
            FaultyAllocator inner = new FaultyAllocator(1);
            Reserved reserved = new Reserved();
            Stripes stripes =
                new Stripes(1, inner, reserved, SizeClasses.lengths(inner.maxSize()), 0, 0, 16);
            Stripe stripe = stripes.all()[0];
            Closing closing = new Closing(stripes, reserved);
            Thread beside = new Thread(() -> endTheCallOnceItCloses(stripe), "beside");
            beside.start();
            Climber climber =
                new Climber(
                    () -> {
                      if (stripe.state == State.OPEN) {
                        stripe.calls = 1;
                        closing.close(false);
                      }
                    });
            climber.climb(round % 37);
            assertEquals(State.CLOSED, stripe.state);
            assertTrue(climber.overflows > 0, "overflows=" + climber.overflows);
            join(beside);
          }
        });
  }

  /** Has the lock for some milliseconds while another thread closes, then ends the call. */
  private static void endTheCallOnceItCloses(Stripe stripe) {
    for (boolean closed = false; !closed; ) {
      stripe.lock();
      try {
        if (stripe.state == State.CLOSING && stripe.calls == 1) {
          LockSupport.parkNanos(HOLD_NANOS);
          stripe.calls = 0;
        }
        closed = stripe.state == State.CLOSED || Thread.currentThread().isInterrupted();
      } finally {
        stripe.locked = 0;
      }
      Thread.onSpinWait();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFreeThatOverflowsInALayerBelowFreesNothing() throws InterruptedException {
    onAShortStack(
        () -> {
          FaultyAllocator inner = new FaultyAllocator(4 * ROUNDS, true);
          LargeBlockAllocator below = LargeBlockAllocator.builder(inner).retain(0).build();
          LargeBlockAllocator middle = LargeBlockAllocator.builder(below).retain(0).build();
          LargeBlockAllocator large = LargeBlockAllocator.builder(middle).retain(0).build();
          assertTrue(large.isStackChecked());
          long[] block = new long[1];
          Climber climber = new Climber(() -> large.free(block[0]));
          for (int round = 0; round < ROUNDS; round++) {
            block[0] = large.malloc(5000);
            climber.climb(round % 37);
            assertEquals(0, large.stats().liveBlocks());
            assertEquals(0, inner.liveBlocks());
          }
          assertTrue(climber.overflows > 0, "overflows=" + climber.overflows);
          large.close();
        });
  }

  @Test
  void aReleaseThatOverflowsInALayerBelowLosesNothing() throws InterruptedException {
    onAShortStack(
        () -> {
          int overflows = 0;
          for (int round = 0; round < ROUNDS; round++) {
            FaultyAllocator inner = new FaultyAllocator(2 * BLOCKS, true);
            LargeBlockAllocator below = LargeBlockAllocator.builder(inner).retain(0).build();
            LargeBlockAllocator middle = LargeBlockAllocator.builder(below).retain(9000).build();
            LargeBlockAllocator large = LargeBlockAllocator.builder(middle).retain(20_000).build();
            long[] blocks = new long[2 * BLOCKS];
            for (int i = 0; i < blocks.length; i++) {
              blocks[i] = large.malloc(5000);
            }
            for (int i = BLOCKS; i < blocks.length; i++) {
              large.free(blocks[i]);
            }
            Climber climber =
                new Climber(
                    () -> {
                      try {
                        large.closeAndRelease();
                      } catch (LeakException e) {
                        assertEquals(BLOCKS, e.liveBlocks());
                      }
                    });
            climber.climb(round % 37);
            overflows += climber.overflows;
            assertEquals(0, large.stats().reservedBytes());
            assertEquals(0, middle.stats().liveBlocks());
            middle.close();
            below.close();
            assertEquals(0, inner.liveBlocks());
          }
          assertTrue(overflows > 0, "overflows=" + overflows);
        });
  }

  @Test
  void anAllocatorIsStackCheckedIffItsInnerIs() {
    assertTrue(StackChecked.is(LargeBlockAllocator.create(new FaultyAllocator(1, true))));
    assertFalse(StackChecked.is(LargeBlockAllocator.create(new FaultyAllocator(1, false))));
  }
}
