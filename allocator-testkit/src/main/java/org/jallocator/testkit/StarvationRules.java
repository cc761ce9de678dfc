package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.testkit.RecordingAllocator.Failure;
import org.jallocator.testkit.RecordingAllocator.PlannedException;

/**
 * The rules of the contract about an inner without memory: one program, run with each of its inner
 * mallocs failing in turn.
 */
abstract class StarvationRules extends ProgramRules {

  private static final int STEPS = 100;
  private static final int MAX_TAKEN = 1 << 16;

  /**
   * A step of the program: malloc of {@code size} bytes if that is more than 0, else free of the
   * block at {@code victim} modulo the live ones.
   */
  private record Step(long size, boolean byTry, int victim) {}

  @AppliesTo(Trait.LEDGER)
  void anAllocatorWithoutMemorySaysSoAndGoesOnWhenThereIsSome() {
    for (Failure failure : List.of(Failure.RETURNS_NULL, Failure.THROWS_OUT_OF_MEMORY_ERROR)) {
      Subject starved = open(AddressRange.CROSSING, "without memory " + failure);
      starved.step(() -> saysSoAndGoesOn(starved, failure));
      starved.step(starved::closeEmpty);
    }
  }

  private static void saysSoAndGoesOn(Subject starved, Failure failure) {
    RecordingAllocator ledger = ledgerOf(starved);
    Allocator allocator = starved.allocator();
    ledger.failFrom(1, failure);
    starved.mallocIfMemory(1, false);
    starved.mallocIfMemory(1, true);
    ledger.stopFailing();
    starved.malloc(1);

    ledger.failFrom(1, failure);
    long[] taken = new long[MAX_TAKEN];
    int count = 0;
    do {
      taken[count] = allocator.tryMalloc(1);
    } while (taken[count] != Allocator.NULL && ++count < MAX_TAKEN);
    if (count < MAX_TAKEN) {
      OutOfMemoryError error = assertThrows(OutOfMemoryError.class, () -> allocator.malloc(1));
      assertShaped(error, "size=1");
      if (starved.isExact()) {
        assertShaped(error, "reserved=" + ledger.liveBytes());
      }
    }
    for (int i = 0; i < count; i++) {
      allocator.free(taken[i]);
    }
    ledger.stopFailing();
    starved.check();
    starved.malloc(1);
  }

  @AppliesTo(value = Trait.LEDGER, forEach = Failure.class)
  void survivesEachInnerMallocFailingOnce(Failure failure) {
    long attempts = attemptsOfTheProgram();
    long stride = Math.max(1, attempts / Rounds.starvations());
    for (long nth = 1; nth <= attempts; nth += stride) {
      Subject starved = open(AddressRange.CROSSING, "inner malloc " + nth + " " + failure);
      RecordingAllocator ledger = ledgerOf(starved);
      ledger.failOnce(nth, failure);
      for (Step step : program()) {
        starved.step(
            () -> {
              if (!run(starved, step, failure)) {
                assertTrue(run(starved, step, failure), "fails a second time");
              }
            });
      }
      starved.step(() -> assertEquals(1, ledger.plannedFailures(), "failures"));
      starved.step(starved::closeEmpty);
    }
  }

  @AppliesTo(value = Trait.LEDGER, forEach = Failure.class)
  void survivesTheInnerFailingFromEachMallocOn(Failure failure) {
    long attempts = attemptsOfTheProgram();
    long stride = Math.max(1, attempts / Rounds.starvations());
    for (long nth = 1; nth <= attempts; nth += stride) {
      Subject starved = open(AddressRange.CROSSING, "inner malloc " + nth + " and on " + failure);
      RecordingAllocator ledger = ledgerOf(starved);
      ledger.failFrom(nth, failure);
      for (Step step : program()) {
        starved.step(() -> run(starved, step, failure));
      }
      ledger.stopFailing();
      for (Step step : program()) {
        starved.step(
            () -> assertTrue(run(starved, step, failure), "fails although the inner works"));
      }
      starved.step(starved::closeEmpty);
    }
  }

  private long attemptsOfTheProgram() {
    RecordingAllocator ledger = ledger();
    for (Step step : program()) {
      assertTrue(run(subject(), step, Failure.RETURNS_NULL), "fails although the inner works");
    }
    return ledger.attempts();
  }

  /** Mostly growing, so that the inner is asked for memory again and again. */
  private List<Step> program() {
    Random random = new Random(1);
    long maxSize = allocator().maxSize();
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < STEPS; i++) {
      boolean malloc = random.nextInt(3) != 0;
      long limit = Math.min(maxSize, random.nextInt(4) == 0 ? 1 << 16 : 256);
      steps.add(
          new Step(
              malloc ? 1 + random.nextLong(limit) : 0,
              random.nextBoolean(),
              random.nextInt(STEPS)));
    }
    return steps;
  }

  /** Runs a step; {@return false iff it is a malloc that a planned failure made fail} */
  private static boolean run(Subject subject, Step step, Failure failure) {
    List<Model.Block> blocks = subject.blocks();
    if (step.size == 0) {
      if (!blocks.isEmpty()) {
        subject.free(blocks.get(step.victim % blocks.size()).address());
      }
      return true;
    }
    RecordingAllocator ledger = ledgerOf(subject);
    long planned = ledger.plannedFailures();
    AllocatorStats before = subject.allocator().stats();
    try {
      boolean served = subject.mallocIfMemory(step.size, step.byTry) != Allocator.NULL;
      boolean failed = ledger.plannedFailures() > planned;
      assertFalse(failed && !failure.isNoMemory(), "what the inner threw was swallowed");
      return served || !failed;
    } catch (PlannedException | StackOverflowError e) {
      assertFalse(failure.isNoMemory(), () -> "unplanned: " + e);
      assertSame(ledger.lastPlanned(), e, "another exception");
      subject.assertUnchanged(before);
      return false;
    }
  }
}
