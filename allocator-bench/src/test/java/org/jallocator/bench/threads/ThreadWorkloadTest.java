package org.jallocator.bench.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.contenders.AddressBlocks;
import org.jallocator.bench.contenders.Blocks;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.contenders.DefaultStacks;
import org.jallocator.bench.replay.CallLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.lwjgl.system.MemoryUtil;

@Timeout(60)
class ThreadWorkloadTest {

  private final ThreadLog log = new ThreadLog();

  @ParameterizedTest
  @EnumSource
  @EnabledForJreRange(minVersion = VirtualThreads.FIRST_JDK)
  void everyOperationIsOneMallocAndItsFree(ThreadWorkload workload) {
    assertOneMallocAndItsFree(workload);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "VIRTUAL_MIX")
  void everyOperationOnPlatformThreadsIsOneMallocAndItsFree(ThreadWorkload workload) {
    assertOneMallocAndItsFree(workload);
  }

  private void assertOneMallocAndItsFree(ThreadWorkload workload) {
    int quota = 20;

    long nanos = workload.run(log.contender(), 4, quota);

    assertTrue(nanos > 0, "nanos=" + nanos);
    long before = workload == ThreadWorkload.CACHE ? 4L * Cache.SLOTS : 0; // which is not timed
    assertEquals(before + workload.operations(4, quota), log.mallocs.sum());
    assertEquals(0, log.live());
    assertTrue(log.largest.get() <= workload.largestSize(), "largest=" + log.largest);
  }

  @Test
  void pairsStayOnTheirThread() {
    ThreadWorkload.PAIR.run(log.contender(), 4, 1000);

    assertEquals(4000, log.mallocs.sum());
    assertEquals(0, log.freesByOthers.sum());
    assertEquals(4, log.threads.size());
    assertTrue(log.mostLive.get() <= 4, "most live=" + log.mostLive);
  }

  @Test
  void threadsOfStandingWorkloadsLiveThroughAllRounds() {
    try (Contender contender = log.contender()) {
      for (int round = 0; round < 5; round++) {
        ThreadWorkload.PAIR_STANDING.run(contender, 4, 100);
        ThreadWorkload.PAIR_NESTED.run(contender, 4, 100);
        ThreadWorkload.MIX_STANDING.run(contender, 4, 100);
      }

      assertEquals(4, log.threads.size());
      assertTrue(log.threads.stream().allMatch(Thread::isAlive), log.threads.toString());
    }
    assertTrue(log.threads.stream().noneMatch(Thread::isAlive), log.threads.toString());
    assertEquals(0, log.live());
  }

  @Test
  void nestedPairsAreTwoDeep() {
    try (Contender contender = log.contender()) {
      ThreadWorkload.PAIR_NESTED.run(contender, 1, 100);
    }

    assertEquals(200, log.mallocs.sum());
    assertEquals(2, log.mostLive.get());
  }

  @Test
  void innerBlockOfANestedPairIsFreedFirst() {
    CallLog calls = new CallLog();

    new AddressBlocks(calls, 0).nestedPairs(1, 64);

    assertEquals(
        List.of("malloc 64 -> 1000", "malloc 64 -> 1001", "free 1001", "free 1000"), calls.calls);
  }

  @Test
  void producersBlocksAreAllFreedByTheConsumer() {
    ThreadWorkload.PRODUCER_CONSUMER.run(log.contender(), 2, 20);

    assertEquals(20 * HandOver.BATCH, log.freesByOthers.sum());
    assertEquals(1, log.threads.size());
    assertEquals(HandOver.SIZE, log.smallest.get());
    assertEquals(HandOver.SIZE, log.largest.get());
    assertTrue(log.mostLive.get() <= 8L * HandOver.BATCH, "most live=" + log.mostLive);
  }

  @Test
  void aCacheIsFullAllTheTimeAndOfItsOwnThreadAlone() {
    try (Contender contender = log.contender()) {
      ThreadWorkload.CACHE.run(contender, 2, 10_000);
    }

    assertEquals(2L * (Cache.SLOTS + 10_000), log.mallocs.sum());
    assertEquals(0, log.freesByOthers.sum());
    assertTrue(log.mostLive.get() >= Cache.SLOTS, "most live=" + log.mostLive);
    assertTrue(log.mostLive.get() <= 2 * Cache.SLOTS, "most live=" + log.mostLive);
  }

  @Test
  void mixUsesEverySizeAndHandsOneInEightToANeighbour() {
    int quota = 40_000;

    new Mix(log.contender(), 2, quota, Integer.MAX_VALUE, false).run(Thread::new);

    assertEquals(2L * quota, log.mallocs.sum());
    assertEquals(MixedSizes.SMALLEST, log.smallest.get());
    assertEquals(MixedSizes.LARGEST, log.largest.get());
    assertEquals(2, log.threads.size());
    double shareOfOthers = (double) log.freesByOthers.sum() / log.mallocs.sum();
    assertEquals(1 / 8.0, shareOfOthers, 0.02);
  }

  @Test
  void mixReplacesItsThreadsAndTheirBlocksOutliveThem() {
    new Mix(log.contender(), 2, 1000, 300, false).run(Thread::new);

    assertEquals(2 * 4, log.threads.size());
    assertEquals(0, log.live());
    assertTrue(log.mostLive.get() > 600, "most live=" + log.mostLive);
  }

  @Test
  void blockThatSomebodyElseWroteToIsFound() {
    Blocks blocks = log.contender().blocks().apply(2);
    blocks.malloc(0, 100);
    blocks.move(0, blocks, 1);
    MemoryUtil.memPutByte(blocks.address(1) + 99, (byte) 7);

    IllegalStateException failure = assertThrows(IllegalStateException.class, () -> blocks.free(1));

    assertEquals(
        "block was written to by somebody else: address=0x%x, size=100, bytes=[100, 7]"
            .formatted(blocks.address(1)),
        failure.getMessage());
    assertEquals(1, log.live());
    log.free(blocks.address(1));
  }

  static final List<String> CONTENDERS =
      Stream.concat(
              Stream.of(DefaultStacks.JNA, DefaultStacks.SHARED_CLASSES), Contender.PEERS.stream())
          .toList();

  @ParameterizedTest
  @FieldSource("CONTENDERS")
  void everyContenderRunsEveryWorkload(String name) {
    try (Contender contender = Contender.open(name)) {
      for (ThreadWorkload workload : ThreadWorkload.ofThisJvm()) {
        long nanos = workload.run(contender, 4, 10);
        assertTrue(nanos > 0, workload + ": nanos=" + nanos);
      }
    }
  }

  @Test
  @EnabledForJreRange(minVersion = VirtualThreads.FIRST_JDK)
  void virtualThreadsAreVirtual() throws ReflectiveOperationException {
    Thread thread = VirtualThreads.factory().newThread(() -> {});

    assertEquals(true, Thread.class.getMethod("isVirtual").invoke(thread));
  }

  @Test
  @EnabledForJreRange(maxVersion = VirtualThreads.FIRST_JDK - 1)
  void virtualThreadsAreRefusedWhereThereAreNone() {
    BadInputException refusal =
        assertThrows(
            BadInputException.class, () -> ThreadWorkload.VIRTUAL_MIX.run(log.contender(), 2, 10));

    assertEquals(
        "virtual threads need a newer JDK: java=" + Runtime.version().feature() + ", limit=21",
        refusal.getMessage());
    assertEquals(false, ThreadWorkload.ofThisJvm().contains(ThreadWorkload.VIRTUAL_MIX));
    assertEquals(JRE.currentVersionNumber(), Runtime.version().feature());
  }
}
