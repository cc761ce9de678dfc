package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.RecordingAllocator.Failure;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What threads with different stripes see of each other. Three threads take turns; each has a
 * stripe of its own.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class StripesTest {

  private static final int THREADS = 3;
  private static final int MOVES = 20_000;

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final ExecutorService[] threads = new ExecutorService[THREADS];

  StripesTest() {
    for (int i = 0; i < THREADS; i++) {
      threads[i] = Executors.newSingleThreadExecutor();
    }
  }

  @AfterEach
  void endThreads() {
    for (ExecutorService thread : threads) {
      thread.shutdownNow();
    }
  }

  private <T> T on(int thread, Callable<T> call) {
    try {
      return threads[thread].submit(call).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError(e.getCause());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private LargeBlockAllocator retaining(long retain) {
    return LargeBlockAllocator.builder(inner).retain(retain).shared().stripes(THREADS).build();
  }

  private long malloc(int thread, LargeBlockAllocator large, long size) {
    return on(thread, () -> large.malloc(size));
  }

  private void free(int thread, LargeBlockAllocator large, long address) {
    on(
        thread,
        () -> {
          large.free(address);
          return true;
        });
  }

  private void close(LargeBlockAllocator large) {
    large.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aBlockThatOneThreadKeptServesAnother() {
    LargeBlockAllocator large = retaining(10_000);
    long address = malloc(0, large, 1000);
    free(0, large, address);
    assertEquals(address, malloc(1, large, 1000));
    assertEquals(1, large.stats().innerMallocs());
    free(2, large, address);
    assertEquals(address, malloc(2, large, 1024));
    free(1, large, address);
    close(large);
  }

  @Test
  void aBlockThatMovesFromThreadToThreadIsOwnedAllTheTime() throws Exception {
    LargeBlockAllocator large = retaining(10_000);
    long address = malloc(0, large, 1000);
    free(0, large, address);
    AtomicInteger turn = new AtomicInteger();
    AtomicBoolean failed = new AtomicBoolean();
    List<Future<?>> movers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int parity = i;
      movers.add(
          threads[i].submit(
              () -> {
                try {
                  for (int k = parity; k < 2 * MOVES; k += 2) {
                    while (turn.get() < k) {
                      if (failed.get()) {
                        return; // nobody gives this thread its turn
                      }
                      Thread.onSpinWait();
                    }
                    assertEquals(address, large.malloc(1000));
                    large.free(address);
                    turn.set(k + 1);
                  }
                } catch (RuntimeException | Error e) {
                  failed.set(true);
                  throw e;
                }
              }));
    }
    while (turn.get() < 2 * MOVES && !movers.stream().anyMatch(Future::isDone)) {
      assertTrue(large.owns(address), "the owner of a block on its way was not found");
      assertEquals(
          Reason.NOT_A_BLOCK,
          assertThrows(InvalidFreeException.class, () -> large.free(address + 1)).reason());
    }
    for (Future<?> mover : movers) {
      mover.get();
    }
    assertEquals(1, large.stats().innerMallocs());
    close(large);
  }

  @Test
  void eachThreadGetsTheBlockThatItFreedLast() {
    LargeBlockAllocator large = retaining(10_000);
    long[] addresses = new long[THREADS];
    for (int i = 0; i < THREADS; i++) {
      addresses[i] = malloc(i, large, 1000);
    }
    for (int i = 0; i < THREADS; i++) {
      free(i, large, addresses[i]);
    }
    for (int i = 0; i < THREADS; i++) {
      assertEquals(addresses[i], malloc(i, large, 1000));
      free(i, large, addresses[i]);
    }
    close(large);
  }

  @Test
  void everyBadFreeIsFoundWhoeverTookTheBlockAndWhoeverFreesIt() {
    LargeBlockAllocator large = retaining(10_000);
    for (int taker = 0; taker < THREADS; taker++) {
      long address = malloc(taker, large, 1000);
      for (int i = 0; i < THREADS; i++) {
        assertTrue(on(i, () -> large.owns(address + 1)));
        assertEquals(Reason.NOT_A_BLOCK, refusal(i, large, address + 1));
        assertEquals(Reason.FOREIGN, refusal(i, large, address - 1));
        assertFalse(on(i, () -> large.tryFree(address - 1, 5)));
        assertEquals(
            Reason.SIZE_MISMATCH,
            on(i, () -> assertThrows(InvalidFreeException.class, () -> large.tryFree(address, 999)))
                .reason());
      }
      free((taker + 1) % THREADS, large, address);
      for (int i = 0; i < THREADS; i++) {
        assertEquals(Reason.DOUBLE_FREE, refusal(i, large, address));
      }
      large.trim();
      for (int i = 0; i < THREADS; i++) {
        assertEquals(Reason.FOREIGN, refusal(i, large, address));
      }
    }
    close(large);
  }

  private Reason refusal(int thread, LargeBlockAllocator large, long address) {
    return on(thread, () -> assertThrows(InvalidFreeException.class, () -> large.free(address)))
        .reason();
  }

  @Test
  void anyThreadMayUseAllOfRetainThatOthersLeave() {
    LargeBlockAllocator large = retaining(10 * 1024);
    for (int thread : new int[] {0, 1, 2, 1, 0}) {
      long[] addresses = new long[10];
      for (int i = 0; i < addresses.length; i++) {
        addresses[i] = malloc(thread, large, 1024);
      }
      for (long address : addresses) {
        free(thread, large, address);
      }
      assertEquals(10 * 1024, large.stats().reservedBytes());
      assertEquals(0, large.stats().innerFrees());
    }
    assertEquals(10, large.stats().innerMallocs());
    close(large);
  }

  @Test
  void noMoreThanRetainIsKeptInAllAndWhatLayUnusedLongestGoesBackFirst() {
    LargeBlockAllocator large = retaining(3 * 1024);
    long[] addresses = new long[6];
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = malloc(i % THREADS, large, 1024);
    }
    for (int i = 0; i < addresses.length; i++) {
      free(i % THREADS, large, addresses[i]);
      assertTrue(large.stats().reservedBytes() <= 3 * 1024 + (5 - i) * 1024L, large::toString);
    }
    assertEquals(3 * 1024, large.stats().reservedBytes());
    for (int i = 0; i < addresses.length; i++) {
      assertEquals(i >= 3, inner.holds(addresses[i], 1024), "block " + i);
    }
    close(large);
  }

  @Test
  void randomTurnsKeepNoMoreThanRetainAndCountExactly() {
    for (int seed = 1; seed <= 10; seed++) {
      Random random = new Random(seed);
      long retain = 1000L << random.nextInt(8);
      RecordingAllocator inner = RecordingAllocator.create();
      LargeBlockAllocator large =
          LargeBlockAllocator.builder(inner).retain(retain).shared().stripes(THREADS).build();
      long[] addresses = new long[50];
      int live = 0;
      for (int step = 0; step < 1000; step++) {
        int i = random.nextInt(addresses.length);
        int thread = random.nextInt(THREADS);
        if (addresses[i] == 0) {
          addresses[i] = malloc(thread, large, 64L << random.nextInt(8));
          live++;
        } else {
          free(thread, large, addresses[i]);
          addresses[i] = 0;
          live--;
        }
        assertEquals(live, large.stats().liveBlocks());
        assertEquals(inner.liveBytes(), large.stats().reservedBytes());
        assertEquals(inner.peakBytes(), large.stats().peakReservedBytes());
        assertTrue(
            large.stats().reservedBytes() - large.stats().liveBytes() <= retain, large::toString);
      }
      for (long address : addresses) {
        if (address != 0) {
          free(random.nextInt(THREADS), large, address);
        }
      }
      assertEquals(large.stats().reservedBytes(), large.trim());
      large.close();
      inner.assertEverythingReturned();
    }
  }

  @Test
  void aStripeHasUsedTheRoomThatItBorrowedBeforeAnotherCanBorrowItBack() {
    long length = 1024;
    Stripes stripes =
        new Stripes(2, inner, new Reserved(), SizeClasses.lengths(inner.maxSize()), 0, length, 16);
    Stripe lender = stripes.all()[0];
    Stripe borrower = stripes.all()[1];
    long address = borrower.take(length);
    int slot = borrower.books.findSurely(address);
    long other = lender.take(length);
    int otherSlot = lender.books.findSurely(other);
    assertFalse(borrower.books.keep(slot), "it had room without a loan");
    assertTrue(stripes.keepByLoan(borrower, slot, address, length));
    assertFalse(stripes.keepByLoan(lender, otherSlot, other, length), "the room went back");
    assertFalse(stripes.keepByLoan(borrower, slot, address, length), "it was kept twice");
    assertEquals(0, borrower.books.liveBlocks());
    assertEquals(length, borrower.books.kept);
    assertEquals(1, lender.books.liveBlocks());
    assertEquals(length, lender.books.allowance + borrower.books.allowance);
    stripes.giveKeptBack();
    assertTrue(stripes.keepByLoan(lender, otherSlot, other, length));
    stripes.giveKeptBack();
    inner.assertEverythingReturned();
  }

  @Test
  void noLoanKeepsABlockThatHasBecomeAnotherOne() {
    Stripes stripes =
        new Stripes(2, inner, new Reserved(), SizeClasses.lengths(inner.maxSize()), 0, 9000, 16);
    Stripe stripe = stripes.all()[1];
    long address = stripe.take(1000);
    int slot = stripe.books.findSurely(address);
    assertFalse(stripes.keepByLoan(stripe, slot, address, 1001));
    assertFalse(stripes.keepByLoan(stripe, slot, address + 16, 1000));
    stripe.state = Stripe.State.CLOSING;
    assertFalse(stripes.keepByLoan(stripe, slot, address, 1000));
    stripe.state = Stripe.State.OPEN;
    assertEquals(1, stripe.books.liveBlocks());
    assertTrue(stripes.keepByLoan(stripe, slot, address, 1000));
    stripes.giveKeptBack();
    inner.assertEverythingReturned();
  }

  @Test
  void closeFindsTheLiveBlocksOfAllThreads() {
    LargeBlockAllocator large = retaining(10_000);
    long[] addresses = new long[THREADS];
    for (int i = 0; i < THREADS; i++) {
      addresses[i] = malloc(i, large, 1000);
    }
    for (int left = THREADS; left > 0; left--) {
      LeakException leak = assertThrows(LeakException.class, large::close);
      assertEquals(left, leak.liveBlocks());
      assertEquals(left * 1024L, leak.liveBytes());
      long[] named = large.liveAddresses(100);
      Arrays.sort(named);
      long[] expected = Arrays.copyOfRange(addresses, THREADS - left, THREADS);
      Arrays.sort(expected);
      assertArrayEquals(expected, named);
      assertEquals(1, large.liveAddresses(1).length);
      free((left + 1) % THREADS, large, addresses[THREADS - left]);
    }
    close(large);
    for (int i = 0; i < THREADS; i++) {
      int thread = i;
      assertThrows(IllegalStateException.class, () -> malloc(thread, large, 1000));
      assertThrows(IllegalStateException.class, () -> free(thread, large, addresses[0]));
    }
  }

  @Test
  void withoutMemoryWhatAnyThreadKeptGoesBack() {
    LargeBlockAllocator large = retaining(10_000);
    for (int i = 0; i < THREADS; i++) {
      free(i, large, malloc(i, large, 1000 << i));
    }
    inner.failOnce(1, Failure.RETURNS_NULL);
    long address = malloc(0, large, 100);
    assertEquals(112, large.stats().reservedBytes());
    free(1, large, address);
    close(large);
  }
}
