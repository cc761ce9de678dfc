package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.AllocatorListener;
import org.jallocator.spi.StackChecked;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.RecordingAllocator.Failure;
import org.jallocator.testkit.RecordingAllocator.FreeFailure;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What holds for every layer of the package, whatever its inner is. */
final class LayersTest {

  /** A test of one layer on one inner. */
  private interface Trial {
    void run(String name, Allocator layer, RecordingAllocator memory);
  }

  private static Stream<DynamicTest> onEachLayer(Trial trial) {
    Map<String, UnaryOperator<Allocator>> inners =
        Map.of("plain", Plain::new, "owning", inner -> inner, "arena", TestArena::new);
    return Layers.all().entrySet().stream()
        .flatMap(
            layer ->
                inners.entrySet().stream()
                    .map(
                        inner ->
                            dynamicTest(
                                layer.getKey() + " over " + inner.getKey(),
                                () -> run(layer.getKey(), layer.getValue(), inner, trial))));
  }

  private static void run(
      String name,
      UnaryOperator<Allocator> layer,
      Map.Entry<String, UnaryOperator<Allocator>> inner,
      Trial trial) {
    RecordingAllocator memory = RecordingAllocator.create();
    trial.run(name, layer.apply(inner.getValue().apply(memory)), memory);
  }

  @TestFactory
  Stream<DynamicTest> aCloseWithLiveBlocksChangesNothing() {
    return onEachLayer(
        (name, layer, memory) -> {
          long first = layer.malloc(10);
          long second = layer.malloc(20);
          AllocatorStats before = layer.stats();
          for (int i = 0; i < 2; i++) {
            assertEquals(2, assertThrows(LeakException.class, layer::close).liveBlocks());
            assertEquals(before, layer.stats());
          }
          layer.free(layer.malloc(30));
          layer.free(first);
          assertEquals(1, assertThrows(LeakException.class, layer::close).liveBlocks());
          layer.free(second, 20);
          layer.close();
          layer.close();
          assertEquals(0, layer.stats().liveBlocks());
          assertThrows(IllegalStateException.class, () -> layer.malloc(10));
        });
  }

  @TestFactory
  Stream<DynamicTest> aBlockThatTheInnerRefusesWhenAllIsReleasedGoesBackAtTheNextCall() {
    return onEachLayer(
        (name, layer, memory) -> {
          long[] blocks = {layer.malloc(10), layer.malloc(20), layer.malloc(2000)};
          memory.failFreesFrom(1, FreeFailure.REFUSES);
          LeakException leak = assertThrows(LeakException.class, layer::closeAndRelease);
          assertEquals(blocks.length, leak.liveBlocks());
          assertThrows(IllegalStateException.class, () -> layer.malloc(10));
          memory.stopFailing();
          try {
            layer.closeAndRelease();
          } catch (LeakException e) {
            assertEquals(blocks.length, e.liveBlocks());
          }
          memory.assertEverythingReturned();
          layer.closeAndRelease();
          layer.close();
        });
  }

  @TestFactory
  Stream<DynamicTest> twoThreadsThatReleaseAtOnceGiveEachBlockBackOnce() {
    return Layers.all().entrySet().stream()
        .map(layer -> dynamicTest(layer.getKey(), () -> releaseTwice(layer.getValue())));
  }

  private static void releaseTwice(UnaryOperator<Allocator> layer) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 100; round++) {
        RecordingAllocator memory = RecordingAllocator.create();
        Allocator tested = layer.apply(new Plain(memory));
        for (int i = 0; i < 100; i++) {
          assertTrue(tested.malloc(16) != Allocator.NULL);
        }
        CyclicBarrier start = new CyclicBarrier(2);
        Callable<List<Throwable>> release = () -> suppressedByRelease(tested, start);
        List<Throwable> suppressed = new ArrayList<>();
        for (Future<List<Throwable>> each : threads.invokeAll(List.of(release, release))) {
          suppressed.addAll(each.get());
        }
        assertEquals(List.of(), suppressed);
        memory.assertEverythingReturned();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static List<Throwable> suppressedByRelease(Allocator tested, CyclicBarrier start)
      throws Exception {
    start.await();
    try {
      tested.closeAndRelease();
      return List.of();
    } catch (LeakException e) {
      return List.of(e.getSuppressed());
    }
  }

  /** Keeps what it is told about memory that an inner did not have. */
  private static final class Listener implements AllocatorListener, AutoCloseable {
    private final List<String> told = new ArrayList<>();
    private final Thread thread = Thread.currentThread();

    Listener() {
      AllocatorEvents.add(this);
    }

    @Override
    public void innerRefused(String layer, long bytes) {
      if (Thread.currentThread() == thread) {
        told.add(layer + " " + bytes);
      }
    }

    @Override
    public void close() {
      AllocatorEvents.remove(this);
    }
  }

  @TestFactory
  Stream<DynamicTest> aListenerIsToldThatTheInnerHadNoMemory() {
    return onEachLayer(
        (name, layer, memory) -> {
          layer.free(layer.malloc(10));
          memory.failFrom(1, Failure.RETURNS_NULL);
          try (Listener listener = new Listener()) {
            assertThrows(OutOfMemoryError.class, () -> layer.malloc(100_000));
            assertEquals(Allocator.NULL, layer.tryMalloc(100_000));
            assertEquals(2, listener.told.size(), listener.told::toString);
            assertEquals(listener.told.get(0), listener.told.get(1));
            String layerName = name.equals("sampled") ? "tracked" : name;
            boolean takesMore = name.equals("guarded"); // for its fences
            String refused = layerName + (takesMore ? " " : " 100000");
            assertTrue(listener.told.get(0).startsWith(refused), listener.told::toString);
          }
          layer.close();
        });
  }

  @Test
  void aSizeThatIsTooLargeIsNoRefusalOfTheInner() {
    RecordingAllocator memory = RecordingAllocator.builder().maxSize(1000).build();
    try (Listener listener = new Listener()) {
      for (UnaryOperator<Allocator> layer : Layers.all().values()) {
        Allocator allocator = layer.apply(new Plain(memory));
        assertEquals(Allocator.NULL, allocator.tryMalloc(1001));
        allocator.close();
      }
      assertEquals(List.of(), listener.told);
    }
  }

  @Test
  void pagesThatTheSystemDoesNotMapAreMemoryThatTheInnerDoesNotHave() {
    Allocator guarded =
        GuardedAllocator.builder(new Plain(RecordingAllocator.create()))
            .access(new FakeMemory())
            .pages(true)
            .build();
    long size = 1L << 41;
    try (Listener listener = new Listener()) {
      assertEquals(Allocator.NULL, guarded.tryMalloc(size));
      assertThrows(OutOfMemoryError.class, () -> guarded.malloc(size));
      String refused = "guarded " + (size + FakeMemory.PAGE);
      assertEquals(List.of(refused, refused), listener.told);
    }
    guarded.close();
  }

  @TestFactory
  Stream<DynamicTest> aFreeThatOverflowsInAnInnerThatChecksItsStackLeavesTheBlockLive() {
    return Layers.all().entrySet().stream()
        .map(layer -> dynamicTest(layer.getKey(), () -> overflow(layer.getValue())));
  }

  private static void overflow(UnaryOperator<Allocator> layer) {
    RecordingAllocator memory = RecordingAllocator.create();
    AtomicInteger overflows = new AtomicInteger();
    Allocator inner =
        (Allocator)
            Proxy.newProxyInstance(
                Allocator.class.getClassLoader(),
                new Class<?>[] {Allocator.class, StackChecked.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("isStackChecked")) {
                    return true;
                  }
                  if (method.getName().equals("free") && overflows.getAndDecrement() > 0) {
                    throw new StackOverflowError();
                  }
                  return method.invoke(memory, arguments);
                });
    Allocator tested = layer.apply(inner);
    assertTrue(StackChecked.is(tested));
    long small = tested.malloc(10);
    long large = tested.malloc(2000); // more than the quarantine of guarded
    overflows.set(1);
    assertThrows(StackOverflowError.class, () -> tested.free(large));
    assertEquals(2, tested.stats().liveBlocks());
    overflows.set(0);
    tested.free(large);
    tested.free(small);
    tested.close();
    memory.assertEverythingReturned();
  }
}
