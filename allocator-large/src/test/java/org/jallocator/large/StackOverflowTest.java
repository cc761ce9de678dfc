package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The stack ends at every depth of every call, more than a hundred times. Afterwards the books
 * agree with the inner to the block: {@code innerMallocs - innerFrees} is what the inner has out,
 * also where the overflow was in the inner, as its blocks change by one store.
 */
@Tag("once")
final class StackOverflowTest {

  private static final int ROUNDS = 150;
  private static final int KINDS = 6;

  /** What a thread with a short stack has in its hands; changed without a call. */
  private static final class Hands {
    final long[] addresses = new long[1 << 16];
    int count;
    long overflows;
  }

  @Test
  void aConfinedAllocatorIsWholeAfterOverflowsAtEveryDepth() throws InterruptedException {
    assertNull(onAShortStack(() -> overflows(false, 20_000)));
  }

  @Test
  void aSharedAllocatorIsWholeAfterOverflowsAtEveryDepth() throws InterruptedException {
    assertNull(onAShortStack(() -> overflows(true, 20_000)));
  }

  @Test
  void anAllocatorThatKeepsNothingIsWholeAfterOverflowsAtEveryDepth() throws InterruptedException {
    assertNull(onAShortStack(() -> overflows(true, 0)));
  }

  private static @Nullable Throwable onAShortStack(Runnable work) throws InterruptedException {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
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
            256 * 1024);
    thread.start();
    thread.join();
    return thrown.get();
  }

  private static void overflows(boolean shared, long retain) {
    FaultyAllocator inner = new FaultyAllocator(1 << 22);
    LargeBlockAllocator large =
        LargeBlockAllocator.builder(inner).retain(retain).shared(shared).stripes(3).build();
    Hands hands = new Hands();
    for (int round = 0; round < ROUNDS; round++) {
      String at = "round=" + round + ", kind=" + round % KINDS;
      if (shared && round % 8 == 0) {
        keepSomeInAnotherStripe(large);
      }
      try {
        down(large, hands, round % 37, round % KINDS);
      } catch (StackOverflowError e) {
        hands.overflows++;
      }
      // What was freed as the stack ended is live or it is not; the allocator says which.
      long[] live = large.liveAddresses(Integer.MAX_VALUE);
      AllocatorStats stats = large.stats();
      assertEquals(live.length, stats.liveBlocks(), at);
      assertTrue(
          live.length == hands.count || live.length == hands.count + 1,
          () -> at + ": live=" + live.length + ", in hands=" + hands.count);
      assertEquals(inner.liveBlocks(), stats.innerMallocs() - stats.innerFrees(), at);
      long dropped = inner.liveBytes() - stats.reservedBytes();
      assertTrue(dropped >= 0, at + ": dropped=" + dropped);
      Arrays.sort(live);
      for (int i = 0; i < hands.count; i++) {
        assertTrue(Arrays.binarySearch(live, hands.addresses[i]) >= 0, at);
      }
      System.arraycopy(live, 0, hands.addresses, 0, live.length);
      hands.count = live.length;
      if (round % KINDS == 1 || hands.count > 30_000) {
        while (hands.count > 0) {
          large.free(hands.addresses[--hands.count]);
        }
      }
    }
    assertTrue(hands.overflows > ROUNDS / 2, "overflows=" + hands.overflows);
    for (long address : large.liveAddresses(Integer.MAX_VALUE)) {
      large.free(address);
    }
    large.close();
    AllocatorStats end = large.stats();
    assertEquals(0, end.reservedBytes());
    assertEquals(inner.liveBlocks(), end.innerMallocs() - end.innerFrees());
    assertTrue(inner.liveBlocks() <= hands.overflows, "dropped=" + inner.liveBlocks());
  }

  /** Then a malloc of the thread with the short stack has to move them. */
  private static void keepSomeInAnotherStripe(LargeBlockAllocator large) {
    Thread other =
        new Thread(
            () -> {
              long[] blocks = new long[50];
              for (int i = 0; i < blocks.length; i++) {
                blocks[i] = large.malloc(100 + 8 * i);
              }
              for (long block : blocks) {
                large.free(block);
              }
            });
    other.start();
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Calls the allocator at every depth, or only where the stack has next to no room. */
  private static void down(LargeBlockAllocator large, Hands hands, int padding, int kind) {
    if (padding > 0) {
      pad(large, hands, padding - 1, kind);
      return;
    }
    switch (kind) {
      case 0 -> {
        long address = large.malloc(100 + (hands.count & 1023));
        hands.addresses[hands.count++] = address;
      }
      case 1 -> {
        if (hands.count > 0) {
          long address = hands.addresses[--hands.count];
          large.free(address);
        }
      }
      case 2 -> {
        long address = large.malloc(5000);
        hands.addresses[hands.count++] = address;
        hands.count--;
        large.free(address, 5000);
      }
      case 3 -> {
        long address = large.malloc(200 + (hands.count & 63));
        hands.addresses[hands.count++] = address;
        large.trim();
      }
      case 4 -> {
        try {
          large.free(12345);
        } catch (InvalidFreeException e) {
          hands.addresses[hands.count] = 0;
        }
        long address = large.tryMalloc(50_000);
        hands.addresses[hands.count++] = address;
        hands.count--;
        large.tryFree(address);
      }
      default -> {
        long address = large.malloc(300);
        hands.addresses[hands.count++] = address;
        try {
          large.close();
        } catch (LeakException e) {
          hands.count--;
        }
        large.free(address);
      }
    }
    down(large, hands, 0, kind);
  }

  private static void pad(LargeBlockAllocator large, Hands hands, int padding, int kind) {
    long a = padding;
    long b = a + 1;
    long c = b + hands.count;
    down(large, hands, padding, kind);
    hands.overflows += a + b + c == Long.MIN_VALUE ? 1 : 0;
  }
}
