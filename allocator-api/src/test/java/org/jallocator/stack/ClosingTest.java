package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorProvider;
import org.junit.jupiter.api.Test;

/** The order in which a stack closes its layers, and what is left when some do not close. */
class ClosingTest {

  private final StackFixture fixture = new StackFixture();

  private static FakeAllocator layer(AllocatorStack stack, int index) {
    return stack.findAll(FakeAllocator.class).get(index);
  }

  @Test
  void closesFromTheRootDownAndEachLayerOnce() {
    AllocatorStack stack = fixture.open("fallback(fixedblock(jna), arena(jna))");
    stack.close();
    assertEquals(List.of("fallback", "fixedblock", "jna", "arena", "jna"), fixture.closed);
    stack.close();
    assertEquals(5, fixture.closed.size());
  }

  @Test
  void closesAnInnerLayerOnlyAfterItGotItsPagesBack() {
    AllocatorStack stack = fixture.open("arena(fixedblock(jna))");
    Allocator arena = stack.allocator();
    arena.free(arena.malloc(8));
    assertEquals(1, layer(stack, 1).stats().liveBlocks());
    stack.close();
    assertEquals(List.of("arena", "fixedblock", "jna"), fixture.closed);
  }

  @Test
  void closesANamedPartOnceAndAfterAllWhoUseIt() {
    fixture.properties.put("allocator.def.pool", "fixedblock(jna)");
    AllocatorStack stack = fixture.open("fallback(arena(@pool), fallback(@pool, arena(@pool)))");
    stack.close();
    assertEquals(
        List.of("fallback", "arena", "fallback", "arena", "fixedblock", "jna"), fixture.closed);
  }

  @Test
  void buildsANamedPartOnceForAllNamesThatLeadToIt() {
    fixture.properties.put("allocator.def.pool", "fixedblock(jna)");
    fixture.properties.put("allocator.def.alias", "@pool");
    try (AllocatorStack stack = fixture.open("fallback(@pool, @alias)")) {
      assertEquals(3, stack.findAll(Allocator.class).size());
    }
    assertEquals(List.of("fallback", "fixedblock", "jna"), fixture.closed);
  }

  @Test
  void leavesALeakingRootAndAllBelowOpenUntilItsBlocksAreFreed() {
    AllocatorStack stack = fixture.open("arena(fixedblock(jna))");
    long address = stack.allocator().malloc(8);
    LeakException leak = assertThrows(LeakException.class, stack::close);
    assertEquals(1, leak.liveBlocks());
    assertEquals(List.of("arena leaks"), fixture.closed);

    stack.allocator().free(address);
    stack.close();
    assertEquals(List.of("arena leaks", "arena", "fixedblock", "jna"), fixture.closed);
    stack.close();
    assertEquals(4, fixture.closed.size());
  }

  @Test
  void closesWhatDoesNotStandUnderTheLeakingLayer() {
    AllocatorStack stack = fixture.open("fallback(fixedblock(arena(jna)), arena(jna))");
    FakeAllocator fixedBlock = layer(stack, 1);
    long address = fixedBlock.malloc(8);
    assertThrows(LeakException.class, stack::close);
    assertEquals(List.of("fallback", "fixedblock leaks", "arena", "jna"), fixture.closed);
    assertFalse(layer(stack, 2).isClosed());

    fixedBlock.free(address);
    fixture.closed.clear();
    stack.close();
    assertEquals(List.of("fixedblock", "arena", "jna"), fixture.closed);
  }

  @Test
  void leavesANamedPartOpenWhileOneOfItsUsersLeaks() {
    fixture.properties.put("allocator.def.pool", "fixedblock(jna)");
    AllocatorStack stack = fixture.open("fallback(arena(@pool), arena(@pool))");
    FakeAllocator second = layer(stack, 2);
    long address = second.malloc(8);
    assertThrows(LeakException.class, stack::close);
    assertEquals(List.of("fallback", "arena", "arena leaks"), fixture.closed);

    second.free(address);
    stack.close();
    assertEquals(
        List.of("fallback", "arena", "arena leaks", "arena", "fixedblock", "jna"), fixture.closed);
  }

  @Test
  void closesEverythingElseWhereALayerThrows() {
    AllocatorStack stack = fixture.open("fallback(fixedblock(jna), arena(jna))");
    RuntimeException first = new IllegalStateException("first");
    RuntimeException second = new IllegalStateException("second");
    layer(stack, 0).failOnClose(first);
    layer(stack, 2).failOnClose(second);
    RuntimeException thrown = assertThrows(RuntimeException.class, stack::close);
    assertSame(first, thrown);
    assertArrayEquals(new Throwable[] {second}, thrown.getSuppressed());
    assertEquals(List.of("fallback", "fixedblock", "jna", "arena", "jna"), fixture.closed);
    stack.close();
    assertEquals(5, fixture.closed.size());
  }

  @Test
  void leavesALayerOpenWhosePageTheInnerRefused() {
    AllocatorStack stack = fixture.open("arena(fixedblock(jna))");
    Allocator arena = stack.allocator();
    arena.free(arena.malloc(8));
    RuntimeException refusal = new IllegalStateException("refusal");
    layer(stack, 1).refuseFree(refusal);
    assertSame(refusal, assertThrows(RuntimeException.class, stack::close));
    assertEquals(List.of(), fixture.closed);
    stack.close();
    assertEquals(List.of("arena", "fixedblock", "jna"), fixture.closed);
  }

  @Test
  void givesALayerUpWhoseFiguresCannotBeRead() {
    fixture.providers.add(
        new FakeProvider(
            "mute",
            List.of(),
            List.of(new AllocatorProvider.InnerLayer("inner", false)),
            settings ->
                new FakeAllocator("mute", fixture.closed, true, List.of(settings.inner(0))) {
                  @Override
                  public AllocatorStats stats() {
                    throw new UnsupportedOperationException("planted by a test");
                  }
                }));
    AllocatorStack stack = fixture.open("mute(jna)");
    RuntimeException failure = new IllegalStateException("failure");
    layer(stack, 0).failOnClose(failure);
    assertSame(failure, assertThrows(RuntimeException.class, stack::close));
    assertEquals(List.of("mute", "jna"), fixture.closed);
  }

  @Test
  void closesALayerThatReportsFreesThatRacedAndAllBelow() {
    AllocatorStack stack = fixture.open("arena(fixedblock(jna))");
    InvalidFreeException report = new InvalidFreeException(Reason.DOUBLE_FREE, "fixedblock", 64);
    layer(stack, 1).failBeforeClose(report);
    assertSame(report, assertThrows(InvalidFreeException.class, stack::close));
    assertEquals(List.of("arena", "fixedblock", "jna"), fixture.closed);
    stack.close();
    assertEquals(3, fixture.closed.size());
  }

  @Test
  void leavesALayerOpenThatReportsFreesThatRacedAndLeaks() {
    AllocatorStack stack = fixture.open("fixedblock(jna)");
    InvalidFreeException report = new InvalidFreeException(Reason.DOUBLE_FREE, "fixedblock", 64);
    long address = stack.allocator().malloc(8);
    layer(stack, 0).failBeforeClose(report);
    assertSame(report, assertThrows(InvalidFreeException.class, stack::close));
    assertEquals(LeakException.class, report.getSuppressed()[0].getClass());
    stack.allocator().free(address);
    stack.close();
    assertEquals(List.of("fixedblock leaks", "fixedblock", "jna"), fixture.closed);
  }

  @Test
  void toldOfALeakBehindAnErrorItStillClosesTheRestLater() {
    AllocatorStack stack = fixture.open("fallback(fixedblock(jna), arena(jna))");
    RuntimeException failure = new IllegalStateException("failure");
    layer(stack, 0).failOnClose(failure);
    FakeAllocator arena = layer(stack, 3);
    long address = arena.malloc(8);
    assertSame(failure, assertThrows(RuntimeException.class, stack::close));
    assertEquals(LeakException.class, failure.getSuppressed()[0].getClass());
    assertEquals(List.of("fallback", "fixedblock", "jna", "arena leaks"), fixture.closed);

    assertThrows(LeakException.class, stack::close);
    arena.free(address);
    stack.close();
    assertTrue(stack.findAll(FakeAllocator.class).stream().allMatch(FakeAllocator::isClosed));
  }

  @Test
  void survivesLayersThatThrowTheSameObject() {
    AllocatorStack stack = fixture.open("arena(jna)");
    RuntimeException failure = new IllegalStateException("failure");
    layer(stack, 0).failOnClose(failure);
    layer(stack, 1).failOnClose(failure);
    assertSame(failure, assertThrows(RuntimeException.class, stack::close));
    assertEquals(List.of("arena", "jna"), fixture.closed);
  }

  @Test
  void refusesAnotherThreadWhereALayerIsConfinedAndThenClosesNothing() throws Exception {
    AllocatorStack stack = fixture.withTroublemakers().open("arena(local)");
    String owner = Thread.currentThread().toString();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread other = new Thread(stack::close, "other");
    other.setUncaughtExceptionHandler((thread, e) -> thrown.set(e));
    String caller = other.toString();
    other.start();
    other.join();
    assertEquals(
        "java.lang.IllegalStateException: arena: allocator is confined to its owner thread: owner="
            + owner
            + ", caller="
            + caller,
        String.valueOf(thrown.get()));
    assertEquals(List.of(), fixture.closed);
    stack.close();
    assertEquals(List.of("arena", "local"), fixture.closed);
  }

  @Test
  void letsAnyThreadCloseASharedStack() throws Exception {
    AllocatorStack stack = fixture.open("arena(jna)");
    Thread other = new Thread(stack::close, "other");
    other.start();
    other.join();
    assertEquals(List.of("arena", "jna"), fixture.closed);
  }

  @Test
  void staysOpenWhileTheJavaHeapOrStackIsFull() {
    for (Error full : List.of(new StackOverflowError(), new OutOfMemoryError("Java heap space"))) {
      fixture.closed.clear();
      AllocatorStack stack = fixture.open("arena(jna)");
      FakeAllocator arena = layer(stack, 0);
      arena.failBeforeClose(full);
      assertSame(full, assertThrows(Error.class, stack::close));
      assertEquals(List.of(), fixture.closed);
      stack.close();
      assertEquals(List.of("arena", "jna"), fixture.closed);
    }
  }

  @Test
  void aReleaseThatFindsTheJavaHeapOrStackFullCanBeMadeAgain() {
    for (Error full : List.of(new StackOverflowError(), new OutOfMemoryError("Java heap space"))) {
      fixture.closed.clear();
      AllocatorStack stack = fixture.open("fallback(fixedblock(jna), arena(jna))");
      layer(stack, 1).malloc(8);
      layer(stack, 1).failBeforeClose(full);
      assertSame(full, assertThrows(Error.class, stack::closeAndRelease));
      assertEquals(List.of("fallback", "arena", "jna"), fixture.closed);
      assertTrue(AllocatorStack.openStacks().contains(stack));

      LeakException leak = assertThrows(LeakException.class, stack::closeAndRelease);
      assertEquals(1, leak.liveBlocks());
      assertEquals(
          List.of("fallback", "arena", "jna", "fixedblock leaks", "fixedblock", "jna"),
          fixture.closed);
      assertFalse(AllocatorStack.openStacks().contains(stack));
    }
  }

  @Test
  void atTheEndOfAStackItIsReleasedWholeOrNotAtAll() throws Exception {
    AllocatorStack shallow = openWithALeak();
    assertThrows(LeakException.class, shallow::closeAndRelease);
    List<String> whole = List.copyOf(fixture.closed);
    for (int padding = 0; padding < 3; padding++) {
      fixture.closed.clear();
      AllocatorStack deep = openWithALeak();
      List<LeakException> leaks = new ArrayList<>();
      new AtMyStacksEnd(() -> release(deep, leaks)).run(padding);
      assertEquals(whole, fixture.closed);
      assertEquals(1, leaks.size());
    }
  }

  private AllocatorStack openWithALeak() {
    AllocatorStack stack = fixture.open("fallback(fixedblock(jna), arena(jna))");
    layer(stack, 3).malloc(8);
    return stack;
  }

  private static void release(AllocatorStack stack, List<LeakException> leaks) {
    try {
      stack.closeAndRelease();
    } catch (LeakException e) {
      leaks.add(e);
    }
  }

  @Test
  void releasesAllMemoryOfALeakingStackAndTellsOfTheLeaksInOneException() {
    AllocatorStack stack = fixture.open("fallback(fixedblock(jna), arena(jna))");
    FakeAllocator fallback = layer(stack, 0);
    FakeAllocator arena = layer(stack, 3);
    fallback.malloc(8);
    arena.malloc(8);
    arena.malloc(8);
    assertEquals(1, layer(stack, 1).stats().liveBlocks(), "the page of fallback");

    LeakException leak = assertThrows(LeakException.class, stack::closeAndRelease);
    assertEquals(1, leak.liveBlocks());
    assertEquals(
        List.of("arena 2"),
        Stream.of(leak.getSuppressed())
            .map(LeakException.class::cast)
            .map(other -> "arena " + other.liveBlocks())
            .toList());
    assertEquals(
        List.of("fallback leaks", "fallback", "fixedblock", "jna", "arena leaks", "arena", "jna"),
        fixture.closed);
    assertEquals(0, layer(stack, 1).stats().liveBlocks());
    stack.closeAndRelease();
    stack.close();
    assertEquals(7, fixture.closed.size());
  }

  @Test
  void releasesWhatALeakingCloseLeftOpen() {
    AllocatorStack stack = fixture.open("arena(fixedblock(jna))");
    stack.allocator().malloc(8);
    assertThrows(LeakException.class, stack::close);
    assertThrows(LeakException.class, stack::closeAndRelease);
    assertEquals(
        List.of("arena leaks", "arena leaks", "arena", "fixedblock", "jna"), fixture.closed);
  }

  @Test
  void releasesSilentlyWhereNothingLeaks() {
    AllocatorStack stack = fixture.open("arena(fixedblock(jna))");
    stack.closeAndRelease();
    assertEquals(List.of("arena", "fixedblock", "jna"), fixture.closed);
  }

  @Test
  void releasesTheInnerLayersOfOneThatCannotRelease() {
    fixture.providers.add(
        new FakeProvider(
            "plain",
            List.of(),
            List.of(new AllocatorProvider.InnerLayer("inner", false)),
            settings ->
                new FakeAllocator("plain", fixture.closed, true, List.of(settings.inner(0))) {
                  @Override
                  public void closeAndRelease() {
                    close(); // as the default of the contract
                  }
                }));
    AllocatorStack stack = fixture.open("plain(arena(jna))");
    stack.allocator().malloc(8);
    assertThrows(LeakException.class, stack::closeAndRelease);
    assertEquals(List.of("plain leaks", "arena leaks", "arena", "jna"), fixture.closed);
    stack.close();
    assertEquals(4, fixture.closed.size());
  }

  @Test
  void refusesToReleaseForAnotherThreadWhileTheOwnerLives() throws Exception {
    AllocatorStack stack = fixture.withTroublemakers().open("arena(local)");
    stack.allocator().malloc(8);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread other = new Thread(stack::closeAndRelease, "other");
    other.setUncaughtExceptionHandler((thread, e) -> thrown.set(e));
    other.start();
    other.join();
    assertTrue(String.valueOf(thrown.get()).contains("confined"), String.valueOf(thrown.get()));
    assertEquals(List.of(), fixture.closed);
  }

  @Test
  void letsAnyThreadCloseAConfinedStackWhoseOwnerHasEnded() throws Exception {
    fixture.withTroublemakers();
    AtomicReference<AllocatorStack> opened = new AtomicReference<>();
    for (boolean release : new boolean[] {false, true}) {
      fixture.closed.clear();
      Thread owner = new Thread(() -> opened.set(fixture.open("arena(local)")), "owner");
      owner.start();
      owner.join();
      AllocatorStack stack = Objects.requireNonNull(opened.get());
      if (release) {
        stack.closeAndRelease();
      } else {
        stack.close();
      }
      assertEquals(List.of("arena", "local"), fixture.closed);
    }
  }
}
