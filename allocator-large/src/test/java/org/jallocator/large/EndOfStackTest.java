package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jallocator.LeakException;
import org.jallocator.large.Stripe.State;
import org.jallocator.spi.StackChecked;
import org.jallocator.testkit.EndOfStack;
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
  private static final int EVERY_SECOND_FRAME = 2;
  private static final long HOLD_NANOS = 2_000_000;

  @Test
  void aFreeThatHasToMakeRoomAndOverflowsFreesNothing() {
    EndOfStack.onAShortStack(
        () -> {
          FaultyAllocator inner = new FaultyAllocator(4 * ROUNDS);
          LargeBlockAllocator large = LargeBlockAllocator.builder(inner).retain(6000).build();
          long[] block = new long[1];
          EndOfStack end = new EndOfStack(() -> large.free(block[0]), EVERY_SECOND_FRAME);
          for (int round = 0; round < ROUNDS; round++) {
            long kept = large.malloc(5000);
            block[0] = large.malloc(5000);
            large.free(kept);
            end.climb(round % 37);
            assertEquals(0, large.stats().liveBlocks());
            assertEquals(inner.liveBytes(), large.stats().reservedBytes());
            large.trim();
          }
          assertTrue(end.overflows() > 0, "overflows=" + end.overflows());
          large.close();
          assertEquals(0, inner.liveBlocks());
        });
  }

  /**
   * The close waits for a call of the inner, and has to wait for the lock as well when it gives up:
   * to wait takes more stack than to take a lock that is free.
   */
  @Test
  void aCloseThatOverflowsLeavesTheAllocatorOpen() {
    EndOfStack.onAShortStack(
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
            EndOfStack end =
                new EndOfStack(
                    () -> {
                      if (stripe.state == State.OPEN) {
                        stripe.calls = 1;
                        closing.close(false);
                      }
                    },
                    EVERY_SECOND_FRAME);
            end.climb(round % 37);
            assertEquals(State.CLOSED, stripe.state);
            assertTrue(end.overflows() > 0, "overflows=" + end.overflows());
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
  void aFreeThatOverflowsInALayerBelowFreesNothing() {
    EndOfStack.onAShortStack(
        () -> {
          FaultyAllocator inner = new FaultyAllocator(4 * ROUNDS, true);
          LargeBlockAllocator below = LargeBlockAllocator.builder(inner).retain(0).build();
          LargeBlockAllocator middle = LargeBlockAllocator.builder(below).retain(0).build();
          LargeBlockAllocator large = LargeBlockAllocator.builder(middle).retain(0).build();
          assertTrue(large.isStackChecked());
          long[] block = new long[1];
          EndOfStack end = new EndOfStack(() -> large.free(block[0]), EVERY_SECOND_FRAME);
          for (int round = 0; round < ROUNDS; round++) {
            block[0] = large.malloc(5000);
            end.climb(round % 37);
            assertEquals(0, large.stats().liveBlocks());
            assertEquals(0, inner.liveBlocks());
          }
          assertTrue(end.overflows() > 0, "overflows=" + end.overflows());
          large.close();
        });
  }

  @Test
  void aReleaseThatOverflowsInALayerBelowLosesNothing() {
    EndOfStack.onAShortStack(
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
            EndOfStack end =
                new EndOfStack(
                    () -> {
                      try {
                        large.closeAndRelease();
                      } catch (LeakException e) {
                        assertEquals(BLOCKS, e.liveBlocks());
                      }
                    },
                    EVERY_SECOND_FRAME);
            end.climb(round % 37);
            overflows += end.overflows();
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
