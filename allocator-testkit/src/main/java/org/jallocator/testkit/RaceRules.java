package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jspecify.annotations.Nullable;

/**
 * The rules of the contract about several threads that free one block. If the frees are ordered,
 * the second is refused at once. If they race, one succeeds at the least, and successes too many
 * are reported at the latest by close, as a double free; after that the figures are exact.
 */
abstract class RaceRules extends OverflowRules {

  private static final int RACERS = 8;
  private static final int ROUNDS = 100;
  private static final int BATCH = 20;

  @AppliesTo({Trait.SHARED, Trait.OWNING})
  void aFreeThatComesAfterAnotherIsRefusedWhicheverThreadsMakeThem() {
    try (Race.Crew crew = new Race.Crew(3)) {
      for (int maker = 0; maker < crew.size(); maker++) {
        for (int first = 0; first < crew.size(); first++) {
          for (int second = 0; second < crew.size(); second++) {
            int[] threads = {maker, first, second};
            subject().step(() -> freeTwice(crew, threads[0], threads[1], threads[2]));
          }
        }
      }
    }
  }

  @AppliesTo({Trait.SHARED, Trait.OWNING})
  void aFreeThatComesAfterAnotherIsRefusedWhenTheMakerOfTheBlockHasEnded() {
    for (int round = 0; round < 3; round++) {
      try (Race.Crew living = new Race.Crew(2)) {
        List<Long> batch = new ArrayList<>();
        Throwable thrown = thrownByAnotherThread("maker", () -> batch.addAll(takeBatch()));
        assertEquals(null, thrown);
        freeTwice(living, batch, round % 2, round / 2);
      }
    }
  }

  private void freeTwice(Race.Crew crew, int maker, int first, int second) {
    freeTwice(crew, crew.on(maker, this::takeBatch), first, second);
    List<Long> again = crew.on(maker, this::takeBatch); // checked against the model
    again.forEach(subject()::free);
  }

  private List<Long> takeBatch() {
    List<Long> batch = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      batch.add(subject().malloc(1));
    }
    return batch;
  }

  private void freeTwice(Race.Crew crew, List<Long> batch, int first, int second) {
    for (long address : batch.subList(1, batch.size())) {
      crew.on(first, () -> freed(address));
      crew.on(second, () -> refused(address));
    }
    for (long address : batch.subList(1, batch.size())) {
      crew.on(second, () -> refused(address));
    }
    subject().check();
    subject().free(batch.get(0));
  }

  private boolean freed(long address) {
    subject().free(address);
    return true;
  }

  private boolean refused(long address) {
    new WrongFrees(subject()).refusedAsStale(address);
    return true;
  }

  @AppliesTo({Trait.SHARED, Trait.OWNING})
  void ofEightThreadsThatFreeOneBlockOneWins() throws InterruptedException {
    freeOneBlockByEight(0);
  }

  @AppliesTo({Trait.SHARED, Trait.OWNING})
  void ofEightThreadsThatFreeOneBlockOneWinsWhileOthersMalloc() throws InterruptedException {
    freeOneBlockByEight(2);
  }

  /**
   * Of all frees of an address, as many succeed as there were mallocs that handed it out, and those
   * too many that are reported later.
   */
  private void freeOneBlockByEight(int others) throws InterruptedException {
    long tooMany = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long address = allocator().malloc(1);
      AtomicInteger handedOut = new AtomicInteger(1);
      AtomicInteger freed = new AtomicInteger();
      Race.run(
          RACERS + others,
          thread -> {
            if (thread < RACERS) {
              freed.addAndGet(freeUnlessFree(address) ? 1 : 0);
            } else {
              mallocAndFree(address, handedOut, freed);
            }
          });
      assertTrue(freed.get() >= handedOut.get(), "no free of a live block succeeded");
      tooMany += freed.get() - handedOut.get();
      assertNoneIsHandedOutTwice();
    }
    assertReported(tooMany);
  }

  private void mallocAndFree(long address, AtomicInteger handedOut, AtomicInteger freed) {
    long[] mine = new long[20];
    for (int i = 0; i < mine.length; i++) {
      mine[i] = allocator().tryMalloc(1);
      handedOut.addAndGet(mine[i] == address ? 1 : 0);
    }
    for (long block : mine) {
      if (block == address) {
        freed.addAndGet(freeUnlessFree(block) ? 1 : 0);
      } else {
        allocator().free(block);
      }
    }
  }

  private boolean freeUnlessFree(long address) {
    try {
      allocator().free(address);
      return true;
    } catch (InvalidFreeException e) {
      // It may have gone back with its page, too.
      if (e.reason() != Reason.DOUBLE_FREE && e.reason() != Reason.FOREIGN) {
        throw e;
      }
      return false;
    }
  }

  private void assertNoneIsHandedOutTwice() {
    Set<Long> blocks = new HashSet<>();
    for (int i = 0; i < BATCH; i++) {
      long address = allocator().tryMalloc(1);
      assertTrue(address == Allocator.NULL || blocks.add(address), "handed out twice");
    }
    blocks.remove(Allocator.NULL);
    blocks.forEach(allocator()::free);
  }

  private void assertReported(long tooMany) {
    InvalidFreeException report = closeForReport();
    assertEquals(tooMany > 0, report != null, () -> "frees too many=" + tooMany + ": " + report);
    if (report != null) {
      assertEquals(Reason.DOUBLE_FREE, report.reason());
    }
    AllocatorStats stats = allocator().stats();
    assertEquals(0, stats.liveBlocks(), () -> "" + stats);
    subject().close();
  }

  private @Nullable InvalidFreeException closeForReport() {
    try {
      allocator().close();
      return null;
    } catch (InvalidFreeException e) {
      return e;
    }
  }
}
