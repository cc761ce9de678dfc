package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Which blocks are live, as the allocator names and counts them: over pages of two whole words and
 * one of 22 blocks, and over the pages of size classes.
 */
final class LiveBlocksTest {

  private static final int SIZE = 16;
  private static final int PAGE_BLOCKS = 150;

  private final RecordingAllocator inner = RecordingAllocator.create();

  /** What is made. */
  enum Form {
    CONFINED_BLOCKS {
      @Override
      OwningAllocator make(Allocator inner) {
        return blocks(inner).build();
      }
    },
    SHARED_BLOCKS {
      @Override
      OwningAllocator make(Allocator inner) {
        return blocks(inner).shared().build();
      }
    },
    CONFINED_CLASSES {
      @Override
      OwningAllocator make(Allocator inner) {
        return SizeClassAllocator.builder(inner).build();
      }
    },
    SHARED_CLASSES {
      @Override
      OwningAllocator make(Allocator inner) {
        return SizeClassAllocator.builder(inner).shared().build();
      }
    };

    abstract OwningAllocator make(Allocator inner);

    static FixedBlockAllocator.Builder blocks(Allocator inner) {
      return FixedBlockAllocator.builder(inner).blockSize(SIZE).pageSize(SIZE * PAGE_BLOCKS);
    }
  }

  private static <T> T onAnotherThread(Callable<T> call) throws Exception {
    FutureTask<T> task = new FutureTask<>(call);
    Thread thread = new Thread(task);
    thread.start();
    T result = task.get();
    thread.join();
    return result;
  }

  private static long[] sorted(List<Long> list) {
    return list.stream().mapToLong(Long::longValue).sorted().toArray();
  }

  /** Mallocs or frees at random until so many blocks are live. */
  private static void reach(OwningAllocator allocator, List<Long> live, int count, Random random) {
    while (live.size() < count) {
      live.add(allocator.malloc(1 + random.nextInt(SIZE)));
    }
    while (live.size() > count) {
      Collections.swap(live, random.nextInt(live.size()), live.size() - 1);
      allocator.free(live.remove(live.size() - 1));
    }
  }

  private static void assertNamed(OwningAllocator allocator, List<Long> live) {
    assertEquals(live.size(), allocator.stats().liveBlocks());
    long[] named = allocator.liveAddresses(Integer.MAX_VALUE);
    Arrays.sort(named);
    assertArrayEquals(sorted(live), named);
    for (int limit : new int[] {-1, 0, 1, 63, 64, 65, live.size() - 1, live.size()}) {
      long[] some = allocator.liveAddresses(limit);
      assertEquals(Math.max(0, Math.min(limit, live.size())), some.length);
      for (long address : some) {
        assertTrue(live.contains(address));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void liveAddressesNamesWhatIsLiveAndNothingElse(Form form) {
    OwningAllocator allocator = form.make(inner);
    List<Long> live = new ArrayList<>();
    Random random = new Random(1);
    for (int count :
        new int[] {1, 63, 64, 65, 149, 150, 151, 1000, 400, 700, 90, 2000, 151, 1, 300}) {
      reach(allocator, live, count, random);
      assertNamed(allocator, live);
    }
    reach(allocator, live, 1, random);
    allocator.free(live.get(0));
    live.clear();
    assertEquals(0, allocator.liveAddresses(10).length);
    allocator.close();
    inner.assertEverythingReturned();
  }

  @ParameterizedTest
  @EnumSource
  void closeAndReleaseTellsOfEachLiveBlockAndGivesAllPagesBack(Form form) {
    Random random = new Random(2);
    for (int count : new int[] {1, 64, 140, 151, 700}) {
      OwningAllocator allocator = form.make(inner);
      List<Long> live = new ArrayList<>();
      reach(allocator, live, 2 * count, random);
      reach(allocator, live, count, random);
      assertThrows(LeakException.class, allocator::close);
      LeakException leak = assertThrows(LeakException.class, allocator::closeAndRelease);
      assertEquals(count, leak.liveBlocks());
      assertEquals(Math.min(count, LeakException.MAX_ADDRESSES), leak.addresses().length);
      for (long address : leak.addresses()) {
        assertTrue(live.contains(address));
      }
      assertEquals(0, allocator.stats().liveBlocks());
      assertEquals(0, allocator.stats().liveBytes());
      assertEquals(0, allocator.stats().reservedBytes());
      inner.assertEverythingReturned();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SHARED_BLOCKS", "SHARED_CLASSES"})
  void aFreeByAnotherThreadCountsAtOnceAndIsFoundIfItIsTheSecond(Form form) throws Exception {
    OwningAllocator allocator = form.make(inner);
    long[] addresses = new long[PAGE_BLOCKS + 30];
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = allocator.malloc(SIZE);
    }
    int live = addresses.length;
    for (int i = 0; i < addresses.length; i += 7) {
      long remote = addresses[i];
      long own = addresses[Math.min(i + 3, addresses.length - 1)];
      assertTrue(onAnotherThread(() -> allocator.tryFree(remote)));
      allocator.free(own);
      live -= own == remote ? 1 : 2;
      assertEquals(live, allocator.stats().liveBlocks());
      for (long address : new long[] {remote, own}) {
        assertEquals(Reason.DOUBLE_FREE, reason(() -> allocator.tryFree(address)));
        assertEquals(
            Reason.DOUBLE_FREE, onAnotherThread(() -> reason(() -> allocator.tryFree(address))));
      }
      assertEquals(live, allocator.stats().liveBlocks());
    }
    assertEquals(live, allocator.liveAddresses(Integer.MAX_VALUE).length);
    for (long address : allocator.liveAddresses(Integer.MAX_VALUE)) {
      allocator.free(address);
    }
    allocator.close();
    inner.assertEverythingReturned();
  }

  private static Reason reason(Callable<?> call) {
    return assertThrows(InvalidFreeException.class, call::call).reason();
  }

  @Test
  void aTrimReachesWhatAnotherThreadFreed() throws Exception {
    OwningAllocator allocator = Form.SHARED_BLOCKS.make(inner);
    long[] addresses = new long[3 * PAGE_BLOCKS];
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = allocator.malloc(SIZE);
    }
    onAnotherThread(
        () -> {
          for (long address : addresses) {
            allocator.free(address);
          }
          return true;
        });
    assertEquals(0, allocator.stats().liveBlocks());
    assertEquals(allocator.stats().reservedBytes(), allocator.trim());
    assertEquals(0, inner.liveBytes());
    allocator.close();
  }
}
