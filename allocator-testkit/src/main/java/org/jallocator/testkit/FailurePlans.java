package org.jallocator.testkit;

import org.jallocator.spi.AllocatorErrors;
import org.jallocator.testkit.RecordingAllocator.Failure;
import org.jallocator.testkit.RecordingAllocator.FreeFailure;
import org.jallocator.testkit.RecordingAllocator.PlannedException;
import org.jspecify.annotations.Nullable;

/** Which calls of a {@link RecordingAllocator} fail, and how. */
@SuppressWarnings("exports") // the annotation need not be there
abstract class FailurePlans extends Ledger {

  /** The calls that fail: the first, every so many-th after it, none after the last. */
  private record Plan(long first, long every, long last) {
    private static final Plan NONE = new Plan(1, 1, 0);

    private boolean includes(long call) {
      return call >= first && call <= last && (call - first) % every == 0;
    }
  }

  private Plan mallocs = Plan.NONE;
  private Failure failure = Failure.RETURNS_NULL;
  private Plan frees = Plan.NONE;
  private FreeFailure freeFailure = FreeFailure.THROWS_RUNTIME_EXCEPTION;
  private long freesAsked;
  private @Nullable Throwable lastPlanned;

  FailurePlans() {}

  /**
   * Makes one malloc fail, and all others succeed.
   *
   * @param nth which one, counted from now: 1 is the next
   * @param how what it does
   */
  public synchronized void failOnce(long nth, Failure how) {
    mallocs = new Plan(attempts() + nth, 1, attempts() + nth);
    failure = how;
  }

  /**
   * Makes a malloc and all that follow fail, until {@link #stopFailing}.
   *
   * @param nth the first that fails, counted from now: 1 is the next
   * @param how what they do
   */
  public synchronized void failFrom(long nth, Failure how) {
    mallocs = new Plan(attempts() + nth, 1, Long.MAX_VALUE);
    failure = how;
  }

  /**
   * Makes one free of a live block fail, and all others succeed.
   *
   * @param nth which one, counted from now: 1 is the next
   * @param how what it does
   */
  public synchronized void failFreeOnce(long nth, FreeFailure how) {
    failFrees(new Plan(freesAsked + nth, 1, freesAsked + nth), how);
  }

  /**
   * Makes every n-th free of a live block fail, until {@link #stopFailing}.
   *
   * @param nth the first that fails, counted from now, and the distance to the next: 1 is every one
   * @param how what they do
   */
  public synchronized void failEveryFree(long nth, FreeFailure how) {
    failFrees(new Plan(freesAsked + nth, nth, Long.MAX_VALUE), how);
  }

  /**
   * Makes a free of a live block and all that follow fail, until {@link #stopFailing}.
   *
   * @param nth the first that fails, counted from now: 1 is the next
   * @param how what they do
   */
  public synchronized void failFreesFrom(long nth, FreeFailure how) {
    failFrees(new Plan(freesAsked + nth, 1, Long.MAX_VALUE), how);
  }

  private void failFrees(Plan plan, FreeFailure how) {
    frees = plan;
    freeFailure = how;
  }

  /** Makes every malloc and every free succeed from now on. */
  public synchronized void stopFailing() {
    mallocs = Plan.NONE;
    frees = Plan.NONE;
  }

  /** {@return what was thrown last as planned, or null iff there was nothing} */
  public synchronized @Nullable Throwable lastPlanned() {
    return lastPlanned;
  }

  /** {@return how many frees of live blocks were asked for} */
  public synchronized long freesAsked() {
    return freesAsked;
  }

  final boolean nextMallocFails() {
    return mallocs.includes(attempts() + 1);
  }

  /** Throws what a malloc that fails is to throw; returns iff it is to return NULL. */
  final void throwMallocFailure(String layer, long size) {
    if (failure == Failure.THROWS_OUT_OF_MEMORY_ERROR) {
      throw planned(AllocatorErrors.outOfMemory(layer, size, liveBytes(), null));
    }
    if (failure == Failure.THROWS_RUNTIME_EXCEPTION) {
      throw planned(new PlannedException(layer + ": planned failure: attempt=" + attempts()));
    }
    if (failure == Failure.THROWS_STACK_OVERFLOW_ERROR) {
      throw planned(new StackOverflowError(layer + ": planned failure: attempt=" + attempts()));
    }
  }

  /** {@return how the free that is asked for now is to fail, or null} */
  final @Nullable FreeFailure nextFreeFailure() {
    return frees.includes(++freesAsked) ? freeFailure : null;
  }

  final void throwFreeFailure(String layer, FreeFailure how, long address) {
    String message = layer + ": planned failure: free=" + freesAsked + ", address=" + address;
    switch (how) {
      case THROWS_OUT_OF_MEMORY_ERROR, THROWS_OUT_OF_MEMORY_ERROR_AFTER_TAKING ->
          throw planned(new OutOfMemoryError(message));
      case THROWS_STACK_OVERFLOW_ERROR, THROWS_STACK_OVERFLOW_ERROR_AFTER_TAKING ->
          throw planned(new StackOverflowError(message));
      case THROWS_RUNTIME_EXCEPTION, THROWS_RUNTIME_EXCEPTION_AFTER_TAKING ->
          throw planned(new PlannedException(message));
      case REFUSES -> throw planned(new IllegalStateException(message));
    }
  }

  private <T extends Throwable> T planned(T throwable) {
    lastPlanned = throwable;
    return throwable;
  }
}
