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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The rows of the contract about an inner without memory: one program, run with each of its inner
 * mallocs failing in turn.
 */
abstract class StarvationRows extends ProgramRows {

  private static final int STEPS = 100;
  private static final int MAX_TAKEN = 1 << 16;

  /**
   * A step of the program: malloc of {@code size} bytes if that is more than 0, else free of the
   * block at {@code victim} modulo the live ones.
   */
  private record Step(long size, boolean byTry, int victim) {}

  @ParameterizedTest
  @EnumSource(names = {"RETURNS_NULL", "THROWS_OUT_OF_MEMORY_ERROR"})
  void anAllocatorWithoutMemorySaysSoAndGoesOnWhenThereIsSome(Failure failure) {
    RecordingAllocator ledger = ledger();
    ledger.failFrom(1, failure);
    subject().mallocIfMemory(1, false);
    subject().mallocIfMemory(1, true);
    ledger.stopFailing();
    subject().malloc(1);

    ledger.failFrom(1, failure);
    long[] taken = new long[MAX_TAKEN];
    int count = 0;
    do {
      taken[count] = allocator().tryMalloc(1);
    } while (taken[count] != Allocator.NULL && ++count < MAX_TAKEN);
    if (count < MAX_TAKEN) {
      OutOfMemoryError error = assertThrows(OutOfMemoryError.class, () -> allocator().malloc(1));
      assertShaped(error, "size=1");
      if (subject().isExact()) {
        assertShaped(error, "reserved=" + ledger.liveBytes());
      }
    }
    for (int i = 0; i < count; i++) {
      allocator().free(taken[i]);
    }
    ledger.stopFailing();
    subject().check();
    subject().malloc(1);
  }

  @ParameterizedTest
  @EnumSource
  void survivesEachInnerMallocFailingOnce(Failure failure) {
    long attempts = attemptsOfTheProgram();
    for (long nth = 1; nth <= attempts; nth++) {
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

  @ParameterizedTest
  @EnumSource
  void survivesTheInnerFailingFromEachMallocOn(Failure failure) {
    long attempts = attemptsOfTheProgram();
    for (long nth = 1; nth <= attempts; nth++) {
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
    List<Subject.Block> blocks = subject.blocks();
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
      assertFalse(
          failed && failure == Failure.THROWS_RUNTIME_EXCEPTION,
          "the inner's exception was swallowed");
      return served || !failed;
    } catch (PlannedException e) {
      assertEquals(Failure.THROWS_RUNTIME_EXCEPTION, failure, () -> "unplanned: " + e);
      assertSame(ledger.lastPlanned(), e, "another exception");
      subject.assertUnchanged(before);
      return false;
    }
  }
}
