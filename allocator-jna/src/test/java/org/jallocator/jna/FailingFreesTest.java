package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.spi.StackChecked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scopes and memory over an allocator whose n-th call throws, and on a full stack or heap. */
final class FailingFreesTest {

  /** Invents addresses, remembers what is live, and throws at one call, in free or in malloc. */
  private static class Faulty implements Allocator {

    final List<Long> live = new ArrayList<>();
    long next = 1L << 44;
    int untilFault = Integer.MAX_VALUE;
    Throwable fault = new IllegalStateException("none");

    void failAt(int call, Throwable fault) {
      this.untilFault = call;
      this.fault = fault;
    }

    private void mayFail() {
      if (untilFault-- == 0) {
        if (fault instanceof Error error) {
          throw error;
        }
        throw (RuntimeException) fault;
      }
    }

    @Override
    public long malloc(long size) {
      mayFail();
      long address = next;
      next += (size + 4095) & -4096;
      live.add(address);
      return address;
    }

    @Override
    public long tryMalloc(long size) {
      return malloc(size);
    }

    @Override
    public void free(long address) {
      free(address, 0);
    }

    @Override
    public void free(long address, long size) {
      mayFail();
      if (!live.remove((Object) address)) {
        throw new AssertionError("freed twice: " + address);
      }
    }

    @Override
    public long maxSize() {
      return Long.MAX_VALUE;
    }

    @Override
    public long alignment() {
      return 16;
    }

    @Override
    public boolean isShared() {
      return false;
    }

    @Override
    public AllocatorStats stats() {
      return AllocatorStats.UNTRACKED;
    }

    @Override
    public void close() {}
  }

  /** Says of its overflows that nothing was changed. */
  private static final class Checked extends Faulty implements StackChecked {

    private final boolean shared;

    Checked(boolean shared) {
      this.shared = shared;
    }

    @Override
    public boolean isStackChecked() {
      return true;
    }

    @Override
    public boolean isShared() {
      return shared;
    }
  }

  static List<Throwable> faults() {
    return List.of(
        new IllegalStateException("fault"),
        new IllegalArgumentException("fault"),
        new UnsupportedOperationException("fault"),
        new OutOfMemoryError("fault"),
        new AssertionError("fault"),
        new StackOverflowError("fault"));
  }

  private static void fill(NativeScope scope) {
    for (int i = 0; i < 10; i++) {
      scope.malloc(100);
      scope.malloc(3000);
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aCloseWhoseFreeThrowsLosesThatBlockAloneAndFreesNothingTwice(Throwable fault) {
    for (int call = 0; call < 14; call++) {
      Faulty faulty = new Faulty();
      NativeScope scope = NativeScope.open(faulty);
      fill(scope);
      int blocks = faulty.live.size();
      assertTrue(blocks >= 12);
      faulty.failAt(call, fault);
      if (call < blocks) {
        assertSame(fault, assertThrows(Throwable.class, scope::close));
      } else {
        scope.close();
      }
      scope.close();
      scope.close();
      assertEquals(call < blocks ? 1 : 0, faulty.live.size(), "at call " + call);
      assertThrows(IllegalStateException.class, () -> scope.malloc(1));
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aNestedCloseWhoseFreeThrowsLeavesTheOuterScopeUsable(Throwable fault) {
    for (int call = 0; call < 14; call++) {
      Faulty faulty = new Faulty();
      NativeScope outer = NativeScope.open(faulty, 1024, 0);
      outer.malloc(1);
      NativeScope nested = outer.nested();
      fill(nested);
      int blocks = faulty.live.size();
      faulty.failAt(call, fault);
      if (call < blocks - 1) {
        assertSame(fault, assertThrows(Throwable.class, nested::close));
      } else {
        nested.close();
      }
      nested.close();
      long before = faulty.live.size();
      outer.malloc(16);
      assertEquals(before, faulty.live.size());
      faulty.untilFault = Integer.MAX_VALUE;
      outer.close();
      assertEquals(call < blocks - 1 ? 1 : 0, faulty.live.size(), "at call " + call);
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aMallocThatThrowsLosesNothing(Throwable fault) {
    for (int call = 0; call < 14; call++) {
      Faulty faulty = new Faulty();
      NativeScope scope = NativeScope.open(faulty);
      faulty.failAt(call, fault);
      assertThrows(Throwable.class, () -> fillTwice(scope));
      fill(scope);
      scope.close();
      assertEquals(0, faulty.live.size());
    }
  }

  private static void fillTwice(NativeScope scope) {
    fill(scope);
    fill(scope);
  }

  @ParameterizedTest
  @MethodSource("faults")
  void memoryStaysOpenOnlyIfTheAllocatorRefused(Throwable fault) {
    Faulty faulty = new Faulty();
    AllocatorMemory memory = AllocatorMemory.malloc(faulty, 8);
    faulty.failAt(0, fault);
    assertSame(fault, assertThrows(Throwable.class, memory::close));
    boolean refused =
        fault instanceof IllegalArgumentException || fault instanceof IllegalStateException;
    assertEquals(refused, memory.valid());
    memory.close();
    assertEquals(refused ? 0 : 1, faulty.live.size());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void memoryStaysOpenAfterAnOverflowOfACheckedAllocator(boolean shared) {
    Checked checked = new Checked(shared);
    AllocatorMemory memory = AllocatorMemory.malloc(checked, 8);
    checked.failAt(0, new StackOverflowError("fault"));
    assertThrows(StackOverflowError.class, memory::close);
    assertTrue(memory.valid());
    memory.close();
    assertFalse(memory.valid());
    assertEquals(0, checked.live.size());
  }

  @Test
  void aScopeClosesAgainAfterAnOverflowOfACheckedAllocator() {
    for (int call = 0; call < 12; call++) {
      Checked checked = new Checked(false);
      NativeScope scope = NativeScope.open(checked);
      fill(scope);
      int blocks = checked.live.size();
      checked.failAt(call, new StackOverflowError("fault"));
      assertThrows(StackOverflowError.class, scope::close);
      assertEquals(blocks - call, checked.live.size());
      scope.close();
      scope.close();
      assertEquals(0, checked.live.size(), "at call " + call);
    }
  }

  @Test
  void theOuterScopeFreesWhatANestedOneCouldNotForAnOverflowOfACheckedAllocator() {
    for (int call = 0; call < 11; call++) {
      Checked checked = new Checked(false);
      NativeScope outer = NativeScope.open(checked, 1024, 0);
      outer.malloc(1);
      NativeScope nested = outer.nested();
      fill(nested);
      checked.failAt(call, new StackOverflowError("fault"));
      assertThrows(StackOverflowError.class, nested::close);
      nested.close();
      outer.malloc(16);
      outer.close();
      assertEquals(0, checked.live.size(), "at call " + call);
    }
  }

  /** Takes its first block and throws, overflows at its second, and takes all others. */
  private static final class RefusingAndOverflowing extends Faulty implements StackChecked {

    private final RuntimeException refusal = new UnsupportedOperationException("fault");
    private int frees;

    @Override
    public void free(long address, long size) {
      frees++;
      if (frees == 2) {
        throw new StackOverflowError("fault");
      }
      super.free(address, size);
      if (frees == 1) {
        throw refusal;
      }
    }

    @Override
    public boolean isStackChecked() {
      return true;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anOverflowAtClosingHasTheRefusalBeforeItAsSuppressed(boolean isNested) {
    RefusingAndOverflowing allocator = new RefusingAndOverflowing();
    NativeScope outer = NativeScope.open(allocator, 1024, 0);
    outer.malloc(1);
    NativeScope scope = isNested ? outer.nested() : outer;
    fill(scope);
    StackOverflowError overflow = assertThrows(StackOverflowError.class, scope::close);
    assertArrayEquals(new Throwable[] {allocator.refusal}, overflow.getSuppressed());
    outer.close();
    assertEquals(0, allocator.live.size());
  }

  @Test
  void aBufferIsFreedAgainAfterAnOverflowOfACheckedAllocator() {
    Checked checked = new Checked(true);
    AllocatorByteBuffers buffers = AllocatorByteBuffers.over(checked);
    ByteBuffer buffer = buffers.malloc(100);
    checked.failAt(0, new StackOverflowError("fault"));
    assertThrows(StackOverflowError.class, () -> buffers.free(buffer));
    buffers.free(buffer);
    assertEquals(0, checked.live.size());
    assertThrows(InvalidFreeException.class, () -> buffers.free(buffer));
  }

  /** Refuses a free by a thread that is not the owner, after the owner has done something. */
  private static final class Confined extends Faulty {

    private final Thread owner = Thread.currentThread();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch answered = new CountDownLatch(1);

    @Override
    public void free(long address, long size) {
      if (Thread.currentThread() != owner) {
        asked.countDown();
        try {
          answered.await();
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
        throw new IllegalStateException("confined");
      }
      super.free(address, size);
    }
  }

  @Test
  void theOwnerClosesWhileACloseByAnotherThreadIsBeingRefused() throws Exception {
    Confined confined = new Confined();
    AllocatorMemory memory = AllocatorMemory.malloc(confined, 8);
    FutureTask<IllegalStateException> other =
        new FutureTask<>(() -> assertThrows(IllegalStateException.class, memory::close));
    new Thread(other).start();
    confined.asked.await();
    try {
      memory.close();
    } finally {
      confined.answered.countDown();
    }
    assertEquals("confined", other.get().getMessage());
    assertFalse(memory.valid());
    assertEquals(0, confined.live.size());
  }

  @Test
  void aScopeClosesWhileTheHeapIsFull(@TempDir Path directory) throws Exception {
    ChildJvm jvm =
        ChildJvm.run(
            ProgramWithFullHeap.class,
            List.of(ChildJvm.placeOf(Native.class)),
            List.of("--enable-native-access=ALL-UNNAMED", "-Xmx48m"),
            directory);
    assertEquals(3, jvm.output().lines().filter("CLOSED live=0"::equals).count(), jvm::output);
  }

  @Test
  void aFullHeapAsTheAllocatorReturnsLosesNoBlockOfC(@TempDir Path directory) throws Exception {
    ChildJvm jvm =
        ChildJvm.run(
            ProgramWithFullHeapInCallbacks.class,
            List.of(ChildJvm.placeOf(Native.class)),
            List.of("--enable-native-access=ALL-UNNAMED", "-Xmx24m"),
            directory);
    assertEquals(
        List.of("ALIGNED error=0, live=1", "ALIGNED error=0, live=1"),
        jvm.lines("ALIGNED ").toList(),
        jvm::output);
    assertEquals(List.of("REFUSED lost=0"), jvm.lines("REFUSED ").toList(), jvm::output);
  }

  /** Blocks in an array: no call is made that could overflow half way. */
  private static final class Plain extends Faulty {

    private final long[] blocks = new long[1000];
    private int count;
    private boolean wrong;

    @Override
    public long malloc(long size) {
      long address = next;
      next += (size + 4095) & -4096;
      blocks[count] = address;
      count++;
      return address;
    }

    @Override
    public long tryMalloc(long size) {
      long address = next;
      next += (size + 4095) & -4096;
      blocks[count] = address;
      count++;
      return address;
    }

    @Override
    public void free(long address, long size) {
      int at = 0;
      while (at < count && blocks[at] != address) {
        at++;
      }
      wrong |= at == count;
      count--;
      blocks[at] = blocks[count];
    }
  }

  /** The same work at every depth of a stack, from its end upwards. */
  private static final class Deep implements Runnable {

    private final Plain plain = new Plain();
    private final NativeScope scope;
    private @Nullable NativeScope open;
    private boolean mustClose;
    private int overflows;
    private int overflowsInClose;
    private @Nullable Throwable other;

    Deep(long memory) {
      plain.next = memory; // by-references write to it
      scope = NativeScope.open(plain, 64, 100);
    }

    @Override
    public void run() {
      descend(0);
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
      if (deepest - depth < 200) {
        work();
      }
      return deepest;
    }

    /** After an overflow it is called again, until it passes. */
    private void close() {
      if (open != null) {
        open.close();
        open = null;
      }
      mustClose = false;
    }

    private void work() {
      try {
        if (mustClose) {
          close();
          return;
        }
        try {
          if (open == null) {
            open = scope.nested();
          }
          open.malloc(50);
          open.malloc(500);
          open.memory(20);
          open.intByReference(1);
        } catch (StackOverflowError e) {
          overflows++;
        }
        mustClose = open != null;
        close();
      } catch (StackOverflowError e) {
        overflowsInClose++;
      } catch (Throwable t) {
        other = t;
      }
    }
  }

  @Test
  void aStackOverflowAtAnyDepthLosesNoBlockAndFreesNothingTwice() throws InterruptedException {
    int overflows = 0;
    for (int round = 0; round < 10; round++) {
      AtomicReference<@Nullable Deep> made = new AtomicReference<>();
      Thread thread =
          new Thread(
              null,
              () -> {
                long memory = Native.malloc(16 << 20);
                Deep deep = new Deep(memory);
                made.set(deep);
                deep.run();
                deep.scope.close();
                Native.free(memory);
              },
              "deep",
              (200L + 8L * round) << 10);
      thread.start();
      thread.join();
      Deep deep = Objects.requireNonNull(made.get());
      assertNull(deep.other, () -> String.valueOf(deep.other));
      assertTrue(!deep.plain.wrong, "a block was freed twice");
      assertEquals(0, deep.plain.count, () -> "overflows=" + deep.overflowsInClose);
      overflows += deep.overflows + deep.overflowsInClose;
    }
    assertTrue(overflows > 20, "only " + overflows + " overflows");
  }
}
