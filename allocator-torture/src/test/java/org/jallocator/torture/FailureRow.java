package org.jallocator.torture;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.RecordingAllocator.Failure;
import org.jallocator.testkit.RecordingAllocator.FreeFailure;
import org.jallocator.torture.FaultyAllocator.Bug;

/**
 * Programs whose leaf fails at one of its mallocs or frees, at each point in turn: what it throws
 * passes, nothing changes, and everything goes back in the end.
 */
final class FailureRow implements Row {

  private static final long FAILURES = 12_000;
  private static final int CALLS = 300;
  private static final int MOST_LIVE = 150;

  @Override
  public String name() {
    return "failures of the inner";
  }

  @Override
  public void run(Figures figures, Scale scale) {
    long failures = scale.of(FAILURES, 200);
    int stride = scale.isLarge() ? 1 : 40;
    List<String> stacks = Stacks.all();
    for (long seed = 1; figures.total() < failures; seed++) {
      for (String stack : stacks) {
        int at = Math.floorMod(stack.hashCode(), stride) + 1;
        for (Failure failure : Failure.values()) {
          long mallocs = count(stack, seed, failure);
          for (long nth = at; nth <= mallocs; nth += stride) {
            figures.add("malloc: " + words(failure), mallocFails(stack, seed, failure, nth));
          }
        }
        for (FreeFailure failure : FreeFailure.values()) {
          for (long nth = at, more = 1; more > 0; nth += stride) {
            more = freeFails(stack, seed, failure, nth);
            figures.add("free: " + words(failure), more);
          }
        }
      }
    }
  }

  private static String words(Enum<?> failure) {
    return failure.name().toLowerCase(Locale.ROOT).replace('_', ' ').replace("throws ", "");
  }

  /** {@return how many mallocs of the leaf a program makes} */
  private static long count(String stack, long seed, Failure failure) {
    return program(stack, seed, failure, ledger -> {}).mallocs();
  }

  private static long mallocFails(String stack, long seed, Failure failure, long nth) {
    return program(stack, seed, failure, ledger -> ledger.failOnce(nth, failure)).plannedFailures();
  }

  private static long freeFails(String stack, long seed, FreeFailure failure, long nth) {
    return program(stack, seed, Failure.RETURNS_NULL, ledger -> ledger.failFreeOnce(nth, failure))
        .freeFailures();
  }

  /** Tells a leaf when to fail. */
  private interface Plan {
    void tell(RecordingAllocator ledger);
  }

  private static RecordingAllocator program(String stack, long seed, Failure failure, Plan plan) {
    RecordingAllocator ledger = Stacks.inner(seed);
    try {
      Tower tower = Tower.open(stack, ledger);
      Driver driver = new Driver(tower, Stacks.isOneLayer(stack), MOST_LIVE, seed);
      driver.expect(failure);
      plan.tell(ledger);
      driver.run(CALLS);
      ledger.stopFailing();
      driver.run(CALLS / 4);
      driver.end();
      return ledger;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(
          stack
              + ", seed="
              + seed
              + ", failures="
              + ledger.plannedFailures()
              + "+"
              + ledger.freeFailures()
              + ", planned="
              + ledger.lastPlanned()
              + ": "
              + e,
          e);
    }
  }

  @Override
  public List<Control> controls() {
    Stream<Control> mallocs =
        Stream.of(Bug.LEAKS_ON_FAILURE, Bug.SWALLOWS_ERRORS, Bug.COUNTS_TOO_EARLY)
            .map(bug -> new Control(bug.name(), () -> controlMalloc(bug)));
    Bug bug = Bug.SWALLOWS_ERRORS_OF_FREE;
    return Stream.concat(mallocs, Stream.of(new Control(bug.name(), () -> controlFree(bug))))
        .toList();
  }

  private static void controlMalloc(Bug bug) {
    String stack = FaultyProvider.expression(bug, "sizeclass(recorded)");
    for (Failure failure : Failure.values()) {
      mallocFails(stack, 1, failure, 2);
    }
  }

  private static void controlFree(Bug bug) {
    String stack = FaultyProvider.expression(bug, "large(retain=0, recorded)");
    freeFails(stack, 1, FreeFailure.THROWS_RUNTIME_EXCEPTION, 1);
  }
}
