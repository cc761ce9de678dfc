package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.large.FaultyAllocator.Moment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One program, run with each call of the inner throwing in turn, mallocs and frees, before it did
 * its work or after it.
 *
 * <p>The inner's block of a malloc that throws after its work is lost by the inner's fault, so
 * mallocs throw before it alone.
 */
final class FaultyInnerTest {

  private static final int STEPS = 120;

  /** What an inner throws, and whether that says that it took nothing. */
  private enum Fault {
    NULL(false),
    OUT_OF_MEMORY(false),
    STACK_OVERFLOW(false),
    STACK_OVERFLOW_OF_A_CHECKED_INNER(true),
    RUNTIME_EXCEPTION(false),
    ILLEGAL_STATE(true),
    ILLEGAL_ARGUMENT(true),
    INVALID_FREE(true);

    final boolean tookNothing;

    Fault(boolean tookNothing) {
      this.tookNothing = tookNothing;
    }

    void strike() {
      switch (this) {
        case NULL -> {}
        case OUT_OF_MEMORY -> throw new OutOfMemoryError("planned");
        case STACK_OVERFLOW, STACK_OVERFLOW_OF_A_CHECKED_INNER ->
            throw new StackOverflowError("planned");
        case RUNTIME_EXCEPTION -> throw new UnsupportedOperationException("planned");
        case ILLEGAL_STATE -> throw new IllegalStateException("planned");
        case ILLEGAL_ARGUMENT -> throw new IllegalArgumentException("planned");
        case INVALID_FREE -> throw new InvalidFreeException(Reason.FOREIGN, "planned", 1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFaultOfEachCallOfTheInnerLosesNothingAndHandsNothingOutTwice(Fault fault) {
    for (boolean shared : new boolean[] {false, true}) {
      for (Moment moment : Moment.values()) {
        boolean possible = moment == Moment.BEFORE || !fault.tookNothing;
        long calls = new Program(shared, fault, moment, Long.MAX_VALUE / 2).run();
        assertTrue(calls > 50, "calls=" + calls);
        for (long nth = 1; possible && nth <= calls; nth++) {
          new Program(shared, fault, moment, nth).run();
        }
      }
    }
  }

  private static final class Program {
    private final Random random = new Random(7);
    private final FaultyAllocator inner;
    private final LargeBlockAllocator large;
    private final Fault fault;
    private final Moment moment;
    private final String label;

    /** Addresses and sizes of the live blocks. */
    private final List<long[]> live = new ArrayList<>();

    Program(boolean shared, Fault fault, Moment moment, long nth) {
      this.inner =
          new FaultyAllocator(STEPS + 10, fault == Fault.STACK_OVERFLOW_OF_A_CHECKED_INNER);
      this.large =
          LargeBlockAllocator.builder(inner)
              .retain(6000)
              .alignment(64)
              .maxSize(1 << 20)
              .shared(shared)
              .build();
      this.fault = fault;
      this.moment = moment;
      this.label = fault + ", " + moment + ", call=" + nth + ", shared=" + shared;
      inner.failOnce(nth, moment, fault == Fault.NULL ? null : fault::strike);
    }

    long run() {
      for (int step = 0; step < STEPS; step++) {
        String at = label + ", step=" + step;
        int choice = random.nextInt(20);
        long size = 1L + random.nextInt(random.nextInt(3) == 0 ? 8000 : 1000);
        int victim = random.nextInt(STEPS);
        if (choice < 11 || live.isEmpty()) {
          malloc(size, at);
        } else if (choice < 19) {
          free(victim % live.size(), at);
        } else {
          trim(at);
        }
        check(at);
      }
      while (!live.isEmpty()) {
        free(live.size() - 1, label);
        check(label);
      }
      long struck = inner.strikes();
      try {
        large.close();
      } catch (RuntimeException | Error e) {
        requireFault(e, struck, label);
        large.close();
      }
      check(label);
      assertEquals(0, large.stats().reservedBytes(), label);
      return inner.calls();
    }

    private void requireFault(Throwable thrown, long struckBefore, String at) {
      if (inner.strikes() == struckBefore || thrown instanceof AssertionError) {
        throw new AssertionError(at, thrown);
      }
    }

    /** {@return whether the fault may have made a block be dropped from the books} */
    private boolean mayDrop() {
      return inner.strikes() > 0
          && inner.struckInFree()
          && (fault == Fault.INVALID_FREE || !fault.tookNothing)
          && fault != Fault.NULL;
    }

    private void malloc(long size, String at) {
      long struck = inner.strikes();
      AllocatorStats before = large.stats();
      long address;
      try {
        address = large.malloc(size);
      } catch (RuntimeException | Error e) {
        requireFault(e, struck, at);
        assertEquals(before.liveBlocks(), large.stats().liveBlocks(), at);
        assertEquals(before.liveBytes(), large.stats().liveBytes(), at);
        return;
      }
      assertTrue(inner.holds(address, large.goodSize(size)), at);
      for (long[] block : live) {
        assertTrue(address + size <= block[0] || block[0] + block[1] <= address, at);
      }
      live.add(new long[] {address, size});
    }

    private void free(int index, String at) {
      long[] block = live.get(index);
      long struck = inner.strikes();
      AllocatorStats before = large.stats();
      try {
        large.free(block[0], block[1]);
      } catch (RuntimeException | Error e) {
        requireFault(e, struck, at);
        assertEquals(
            fault.tookNothing ? before.liveBlocks() : before.liveBlocks() - 1,
            large.stats().liveBlocks(),
            at);
        if (fault.tookNothing) {
          large.free(block[0], block[1]);
        }
      }
      live.remove(index);
    }

    private void trim(String at) {
      long struck = inner.strikes();
      try {
        large.trim();
      } catch (RuntimeException | Error e) {
        requireFault(e, struck, at);
      }
    }

    private void check(String at) {
      AllocatorStats stats = large.stats();
      assertEquals(live.size(), stats.liveBlocks(), at);
      assertEquals(
          live.stream().mapToLong(block -> large.goodSize(block[1])).sum(), stats.liveBytes(), at);
      long lost = inner.liveBytes() - stats.reservedBytes();
      long uncounted = stats.innerMallocs() - stats.innerFrees() - inner.liveBlocks();
      assertTrue(lost == 0 || (lost > 0 && mayDrop() && moment == Moment.BEFORE), at + lost);
      assertEquals(mayDrop() && moment == Moment.AFTER ? 1 : 0, uncounted, at);
      Set<Long> named = new HashSet<>();
      for (long address : large.liveAddresses(1000)) {
        named.add(address);
      }
      assertEquals(live.size(), named.size(), at);
      for (long[] block : live) {
        assertTrue(named.contains(block[0]), at);
      }
    }
  }
}
