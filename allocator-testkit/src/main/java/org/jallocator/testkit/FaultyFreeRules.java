package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator.FreeFailure;

/**
 * The rules of the contract about an inner whose free throws. The throwable passes, and the block
 * of the caller is in doubt from then on; the page that the inner threw at is neither used nor
 * freed again. After an IllegalStateException the inner has taken nothing: the layer may keep the
 * page and go on. All else goes on: no blocks overlap, frees of live blocks work, and at close
 * every page goes back that the inner did not throw at.
 */
abstract class FaultyFreeRules extends StarvationRules {

  private static final int WAVES = 3;
  private static final int WAVE = 60;
  private static final int SCOPES = 5;

  /** What a step of the program does. */
  private enum Kind {
    MALLOC,
    TRY_MALLOC,
    FREE,
    FREE_SIZED,
    MARK,
    RELEASE,
    FREE_ALL,
    TRIM
  }

  /**
   * A step of the program.
   *
   * @param choice the size of a malloc; which of the live blocks is freed, modulo their count
   */
  private record Step(Kind kind, long choice) {}

  @AppliesTo(value = Trait.LEDGER, forEach = FreeFailure.class)
  void survivesEachInnerFreeFailingOnce(FreeFailure failure) {
    forSomeFrees(
        "inner free %d " + failure, (ledger, nth) -> ledger.failFreeOnce(nth, failure), true);
  }

  @AppliesTo(value = Trait.LEDGER, forEach = FreeFailure.class)
  void survivesTheInnerFailingFromEachFreeOn(FreeFailure failure) {
    forSomeFrees(
        "inner free %d and on " + failure,
        (ledger, nth) -> ledger.failFreesFrom(nth, failure),
        false);
  }

  @AppliesTo(value = Trait.LEDGER, forEach = FreeFailure.class)
  void survivesEveryNthInnerFreeFailing(FreeFailure failure) {
    for (int nth = 1; nth <= 4; nth++) {
      int every = nth;
      runFaulty(
          "every inner free of " + nth + " " + failure,
          ledger -> ledger.failEveryFree(every, failure));
    }
  }

  /** How it is planned which free of the inner fails. */
  private interface Fault {
    void plan(RecordingAllocator ledger, long nth);
  }

  private void forSomeFrees(String label, Fault fault, boolean must) {
    long frees = freesOfTheProgram();
    long stride = Math.max(1, frees / Rounds.faults());
    for (long nth = 1; nth <= frees; nth += stride) {
      long free = nth;
      long failures =
          runFaulty(String.format(label, nth), ledger -> fault.plan(ledger, free)).freeFailures();
      assertTrue(!must || failures == 1, () -> "failures=" + failures);
    }
  }

  private long freesOfTheProgram() {
    Subject sound = open(AddressRange.CROSSING, "sound");
    for (Step step : program()) {
      sound.step(() -> run(sound, step));
    }
    sound.freeEverything();
    sound.allocator().close();
    long frees = ledgerOf(sound).freesAsked();
    sound.step(sound::close);
    return frees;
  }

  private RecordingAllocator runFaulty(String label, Consumer<RecordingAllocator> fault) {
    Subject faulty = open(AddressRange.NEGATIVE, label);
    RecordingAllocator ledger = ledgerOf(faulty);
    fault.accept(ledger);
    for (Step step : program()) {
      faulty.step(() -> run(faulty, step));
    }
    faulty.step(() -> closeFaulty(faulty));
    ledger.stopFailing();
    faulty.step(faulty::closeThoughInDoubt);
    return ledger;
  }

  /** Frees and closes while the inner fails. */
  private static void closeFaulty(Subject faulty) {
    for (Model.Block block : List.copyOf(faulty.blocks())) {
      passes(faulty, () -> faulty.freeUnlessThrown(block.address(), false));
    }
    if (!faulty.blocks().isEmpty()) {
      return; // refused, and so live: a layer without books would close all the same
    }
    passes(
        faulty,
        () -> {
          try {
            faulty.allocator().close();
          } catch (LeakException e) {
            assertTrue(faulty.blocks().size() + faulty.doubtful() > 0, e::getMessage);
          }
        });
  }

  /** Grows and shrinks, so that the inner gets memory back again and again. */
  private List<Step> program() {
    Random random = new Random(1);
    boolean scopes = allocator() instanceof Arena;
    long maxSize = Math.min(allocator().maxSize(), 1 << 16);
    List<Step> steps = new ArrayList<>();
    for (int wave = 0; wave < WAVES; wave++) {
      for (int i = 0; i < WAVE; i++) {
        long limit = Math.min(maxSize, random.nextInt(8) == 0 ? maxSize : 200);
        steps.add(
            new Step(
                random.nextBoolean() ? Kind.MALLOC : Kind.TRY_MALLOC, 1 + random.nextLong(limit)));
        if (scopes && i % SCOPES == 0) {
          steps.add(new Step(random.nextBoolean() ? Kind.MARK : Kind.RELEASE, 0));
        }
      }
      for (int i = 0; i < WAVE * 9 / 10; i++) {
        steps.add(
            new Step(random.nextBoolean() ? Kind.FREE : Kind.FREE_SIZED, random.nextInt(2 * WAVE)));
      }
      steps.add(new Step(scopes ? Kind.FREE_ALL : Kind.TRIM, 0));
      steps.add(new Step(Kind.TRIM, 0));
    }
    return steps;
  }

  private static void run(Subject subject, Step step) {
    passes(subject, () -> act(subject, step));
    subject.check();
  }

  private static void act(Subject subject, Step step) {
    List<Model.Block> blocks = subject.blocks();
    switch (step.kind) {
      case MALLOC, TRY_MALLOC -> subject.mallocIfMemory(step.choice, step.kind == Kind.TRY_MALLOC);
      case FREE, FREE_SIZED -> {
        if (!blocks.isEmpty()) {
          long address = blocks.get((int) (step.choice % blocks.size())).address();
          subject.freeUnlessThrown(address, step.kind == Kind.FREE_SIZED);
        }
      }
      case MARK -> subject.mark();
      case RELEASE -> subject.releaseUnlessThrown();
      case FREE_ALL -> subject.freeAllUnlessThrown();
      case TRIM -> subject.allocator().trim();
    }
  }

  /** Expects what the inner throws as planned, and nothing else; and that no layer swallows it. */
  private static void passes(Subject subject, Runnable operation) {
    RecordingAllocator ledger = ledgerOf(subject);
    Allocator allocator = subject.allocator();
    long failures = ledger.freeFailures();
    try {
      operation.run();
    } catch (RuntimeException | Error e) {
      Throwable planned = ledger.lastPlanned();
      boolean passed =
          planned != null
              && (e == planned
                  || e.getCause() == planned
                  || Arrays.asList(e.getSuppressed()).contains(planned));
      if (ledger.freeFailures() == failures || !passed) {
        throw e;
      }
      return;
    }
    // A page that the inner refused is held still: the call of the user succeeded.
    assertTrue(
        failures == ledger.freeFailures() || ledger.lastPlanned() instanceof IllegalStateException,
        () -> allocator + " swallowed " + ledger.lastPlanned());
  }
}
