package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What stands on an allocator, at the end of a stack. The allocator asks for more stack to free a
 * block than to hand one out, as layers do that bump or keep blocks.
 */
@Tag("once")
final class FullStackTest {

  private static final int BLOCKS = 64;
  private static final long BLOCK = 16 << 10;

  /** The same blocks again and again; no call that could overflow once a check has passed. */
  private static final class Demanding implements Allocator {

    private final long memory = Native.malloc(BLOCKS * BLOCK);
    private final boolean[] live = new boolean[BLOCKS];
    private boolean wrong;

    @Override
    public long malloc(long size) {
      StackRoom.require();
      for (int i = 0; i < BLOCKS; i++) {
        if (!live[i]) {
          live[i] = true;
          return memory + i * BLOCK;
        }
      }
      throw new OutOfMemoryError("blocks were lost");
    }

    @Override
    public long tryMalloc(long size) {
      return malloc(size);
    }

    @Override
    public void free(long address) {
      free(address, 1);
    }

    @Override
    public void free(long address, long size) {
      StackRoom.requireForStack();
      int at = (int) ((address - memory) / BLOCK);
      wrong |= !live[at];
      live[at] = false;
    }

    @Override
    public long maxSize() {
      return BLOCK;
    }

    @Override
    public long alignment() {
      return 16;
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public AllocatorStats stats() {
      return AllocatorStats.UNTRACKED;
    }

    @Override
    public void close() {
      Native.free(memory);
    }

    int liveBlocks() {
      int count = 0;
      for (boolean isLive : live) {
        count += isLive ? 1 : 0;
      }
      return count;
    }
  }

  /** What is done at every depth, and again after an overflow: a program that retries. */
  private abstract static class Work {

    final Demanding demanding = new Demanding();

    /** Where the stack ends, an overflow. */
    abstract void run();

    /** After the last run. */
    void end() {}
  }

  private static final class Memories extends Work {
    private @Nullable AllocatorMemory open;

    @Override
    void run() {
      if (open == null) {
        open = AllocatorMemory.malloc(demanding, 100);
      }
      open.close();
      open = null;
    }
  }

  private static final class ZeroedMemories extends Work {
    private @Nullable AllocatorMemory open;

    @Override
    void run() {
      if (open == null) {
        open = AllocatorMemory.zeroed(demanding, 100);
      }
      open.close();
      open = null;
    }
  }

  private static final class ResizedMemories extends Work {
    private AllocatorMemory open = AllocatorMemory.malloc(demanding, 100);

    @Override
    void run() {
      open = open.resize(100);
    }

    @Override
    void end() {
      open.close();
    }
  }

  private static final class Scopes extends Work {
    private @Nullable NativeScope open;

    @Override
    void run() {
      if (open == null) {
        NativeScope scope = NativeScope.open(demanding, 64);
        open = scope;
        scope.malloc(16);
        scope.malloc(1000);
        scope.malloc(1000);
      }
      open.close();
      open = null;
    }
  }

  private static final class NestedScopes extends Work {
    private final NativeScope outer = NativeScope.open(demanding, 64, 0);
    private @Nullable NativeScope open;

    @Override
    void run() {
      if (open == null) {
        NativeScope scope = outer.nested();
        open = scope;
        scope.malloc(16);
        scope.malloc(1000);
        scope.malloc(1000);
      }
      open.close();
      open = null;
    }

    @Override
    void end() {
      outer.close();
    }
  }

  private static final class Buffers extends Work {
    private final AllocatorByteBuffers buffers = AllocatorByteBuffers.over(demanding);
    private @Nullable ByteBuffer open;

    @Override
    void run() {
      if (open == null) {
        open = buffers.zeroed(100);
      }
      buffers.free(open);
      open = null;
    }
  }

  private static final class Copies extends Work {
    private final byte[] bytes = new byte[10];
    private @Nullable Pointer open;

    @Override
    void run() {
      if (open == null) {
        open = NativeCopy.bytes(demanding, bytes);
      }
      demanding.free(Pointer.nativeValue(open));
      open = null;
    }
  }

  private static final class Callbacks extends Work {
    private final CallbackHeap heap = new CallbackHeap(demanding, thrown -> {});
    private long block;

    @Override
    void run() {
      if (block == 0) {
        block = heap.calloc(1, 100);
      }
      if (block == 0) {
        throw new StackOverflowError("as C, which gets NULL");
      }
      long moved = heap.realloc(block, heap.usableSize(block) == 100 ? 1000 : 100);
      if (moved != 0) {
        block = moved;
      }
      heap.free(block);
      if (heap.liveBlocks() > 0) {
        throw new StackOverflowError("as C, which is not told");
      }
      block = 0;
    }

    @Override
    void end() {
      assertNull(heap.close());
    }
  }

  /** Of the C library. */
  private interface Text extends Library {
    int strcmp(String one, String other);
  }

  private static final class Arguments extends Work {
    private final Text text =
        Native.load(
            Platform.C_LIBRARY_NAME,
            Text.class,
            StringArguments.of(demanding, StandardCharsets.UTF_8).options());

    @Override
    void run() {
      text.strcmp("one", "other");
    }
  }

  /** Runs work at every depth of a stack, from its end upwards. */
  private static final class Deep {

    private static final int DEPTHS = 1000;

    private final Work work;
    private int overflows;
    private @Nullable Throwable other;

    Deep(Work work) {
      this.work = work;
    }

    private int descend(int depth) {
      int deepest = depth;
      try {
        if (depth < Integer.MAX_VALUE) {
          deepest = descend(depth + 1);
        }
      } catch (StackOverflowError e) {
        deepest = depth;
      }
      if (deepest - depth < DEPTHS) {
        run();
      }
      return deepest;
    }

    private void run() {
      try {
        work.run();
      } catch (StackOverflowError e) {
        overflows++;
      } catch (Throwable t) {
        other = t;
      }
    }
  }

  static Stream<Class<? extends Work>> works() {
    return Stream.of(
        Memories.class,
        ZeroedMemories.class,
        ResizedMemories.class,
        Scopes.class,
        NestedScopes.class,
        Buffers.class,
        Copies.class,
        Arguments.class,
        Callbacks.class);
  }

  @ParameterizedTest
  @MethodSource("works")
  void noBlockIsLostWhereTheStackEnds(Class<? extends Work> type) throws Exception {
    int overflows = 0;
    for (int round = 0; round < 5; round++) {
      FutureTask<Integer> task = new FutureTask<>(() -> overflowsOf(type));
      new Thread(null, task, "deep", (300L + 16L * round) << 10).start();
      overflows += task.get();
    }
    assertTrue(overflows > 20, "only " + overflows + " overflows");
  }

  private static int overflowsOf(Class<? extends Work> type) throws ReflectiveOperationException {
    Work work = type.getDeclaredConstructor().newInstance();
    work.run(); // loads and links what a first call does
    Deep deep = new Deep(work);
    deep.descend(0);
    assertNull(deep.other, () -> String.valueOf(deep.other));
    work.run();
    work.end();
    assertTrue(!work.demanding.wrong, "a block was freed twice");
    assertEquals(0, work.demanding.liveBlocks());
    work.demanding.close();
    return deep.overflows;
  }
}
