package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.LeakException;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jallocator.testkit.EndOfStack;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.ShallowInner;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each layer where a stack ends, over an inner that asks for more stack than the layer does: a call
 * that overflows has changed nothing.
 */
@Tag("once")
final class EndOfStackTest {

  private static final int ROUNDS = Integer.getInteger("jallocator.testkit.overflows", 60);
  private static final int PADDINGS = 5;
  private static final int EVERY_FOURTH_FRAME = 4;
  private static final int MANY = 1000;

  /** Asks for as much stack as the slow calls of an arena do. */
  private static final class Demanding implements Allocator, StackChecked {

    private final ShallowInner memory = new ShallowInner(RecordingAllocator.create());

    @Override
    public long malloc(long size) {
      StackRoom.requireForStack();
      return memory.malloc(size);
    }

    @Override
    public long tryMalloc(long size) {
      StackRoom.requireForStack();
      return memory.tryMalloc(size);
    }

    @Override
    public void free(long address) {
      StackRoom.requireForStack();
      memory.free(address);
    }

    @Override
    public void free(long address, long size) {
      free(address);
    }

    @Override
    public boolean isStackChecked() {
      return true;
    }

    @Override
    public long maxSize() {
      return memory.maxSize();
    }

    @Override
    public long alignment() {
      return memory.alignment();
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public AllocatorStats stats() {
      return memory.stats();
    }

    @Override
    public void close() {}
  }

  static Set<String> layers() {
    return Layers.all().keySet();
  }

  /** Calls something at the end of a stack; {@return how often it overflowed} */
  private static int atTheEnd(int padding, Runnable call) {
    EndOfStack end = new EndOfStack(call, EVERY_FOURTH_FRAME);
    EndOfStack.onAShortStack(() -> end.climb(padding % PADDINGS));
    return end.overflows();
  }

  @ParameterizedTest
  @MethodSource("layers")
  void aMallocAndAFreeThatOverflowChangeNothing(String name) {
    Demanding inner = new Demanding();
    Allocator layer = Layers.of(name).apply(inner);
    long[] block = new long[1];
    int overflows = 0;
    for (int round = 0; round < ROUNDS; round++) {
      overflows +=
          atTheEnd(
              round,
              () -> {
                if (block[0] == 0) {
                  block[0] = layer.malloc(48);
                }
                layer.free(block[0]);
                block[0] = 0;
              });
      assertEquals(0, layer.stats().liveBlocks());
    }
    EndOfStack.onAShortStack(layer::close);
    assertEquals(0, inner.memory.live());
    assertTrue(overflows > ROUNDS, "overflows=" + overflows);
  }

  @ParameterizedTest
  @MethodSource("layers")
  void aFreeByAnotherThreadThatOverflowsChangesNothing(String name) {
    Demanding inner = new Demanding();
    Allocator layer = Layers.of(name).apply(inner);
    for (int round = 0; round < ROUNDS; round++) {
      long block = layer.malloc(48);
      atTheEnd(round, () -> layer.free(block));
      assertEquals(0, layer.stats().liveBlocks());
    }
    EndOfStack.onAShortStack(layer::close);
    assertEquals(0, inner.memory.live());
  }

  @ParameterizedTest
  @MethodSource("layers")
  void aReleaseThatOverflowsLosesNoBlock(String name) {
    for (int round = 0; round < PADDINGS; round++) {
      Demanding inner = new Demanding();
      Allocator layer = Layers.of(name).apply(inner);
      for (int i = 0; i < MANY; i++) {
        long unused = layer.malloc(48);
      }
      atTheEnd(
          round,
          () -> {
            try {
              layer.closeAndRelease();
            } catch (LeakException e) {
              // as it should
            }
          });
      assertEquals(0, inner.memory.live());
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void aScopeWhoseEndOverflowsInAnInnerThatChecksItsStackHasNotEnded(String name) {
    AtomicInteger overflows = new AtomicInteger();
    Arena arena = overflowing(new TestArena(RecordingAllocator.create()), overflows);
    Arena layer = (Arena) Layers.of(name).apply(arena);
    long first = layer.malloc(10);
    long mark = layer.mark();
    long second = layer.malloc(20);
    overflows.set(1);
    assertThrows(StackOverflowError.class, () -> layer.release(mark));
    assertEquals(2, layer.stats().liveBlocks());
    layer.free(second);
    layer.release(mark);
    overflows.set(1);
    assertThrows(StackOverflowError.class, layer::freeAll);
    assertEquals(1, layer.stats().liveBlocks());
    layer.free(first);
    layer.close();
  }

  /** {@return an arena whose scopes end, if planned, with an overflow before the first change} */
  private static Arena overflowing(Arena arena, AtomicInteger overflows) {
    return (Arena)
        Proxy.newProxyInstance(
            Arena.class.getClassLoader(),
            new Class<?>[] {Arena.class, StackChecked.class},
            (proxy, method, arguments) -> {
              String name = method.getName();
              if (name.equals("isStackChecked")) {
                return true;
              }
              if ((name.equals("freeAll") || name.equals("release"))
                  && overflows.getAndDecrement() > 0) {
                throw new StackOverflowError();
              }
              try {
                return method.invoke(arena, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
