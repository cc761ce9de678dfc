package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.Allocator;
import org.jallocator.LeakException;
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
}
