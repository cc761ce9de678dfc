package org.jallocator.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("restricted")
final class AllocatorArenaTest {

  private final DirtyMemory memory = new DirtyMemory();

  @AfterEach
  void everythingIsFreed() {
    memory.close();
  }

  private AllocatorArena open(boolean shared) {
    return shared ? AllocatorArena.ofShared(memory) : AllocatorArena.ofConfined(memory);
  }

  private static <T extends Throwable> T thrownByAnotherThread(Class<T> type, Runnable call) {
    List<Throwable> thrown = new ArrayList<>();
    Thread thread = new Thread(call);
    thread.setUncaughtExceptionHandler((at, failure) -> thrown.add(failure));
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertEquals(1, thrown.size());
    return assertThrows(
        type,
        () -> {
          throw thrown.get(0);
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSegmentIsTheAllocatorsBlockFullOfZeros(boolean shared) {
    try (AllocatorArena arena = open(shared)) {
      MemorySegment segment = arena.allocate(100);
      assertEquals(100, segment.byteSize());
      assertEquals(100L, memory.live().get(segment.address()));
      assertArrayEquals(new byte[100], segment.toArray(JAVA_BYTE));
      assertSame(arena.scope(), segment.scope());
    }
    assertEquals(0, memory.live().size());
  }

  @Test
  void zerosAreLeftOutOnlyWhereThatIsSaid() {
    try (AllocatorArena arena = open(false)) {
      SegmentAllocator dirty = arena.uninitialized();
      byte[] bytes = dirty.allocate(33).toArray(JAVA_BYTE);
      for (byte each : bytes) {
        assertEquals(DirtyMemory.DIRT, each);
      }
      assertEquals("text", dirty.allocateFrom("text").getString(0));
      for (long size : new long[] {1, 7, 64, 65, 4096, 1 << 20}) {
        assertArrayEquals(new byte[(int) size], arena.allocate(size).toArray(JAVA_BYTE));
      }
    }
  }

  @Test
  void alignmentGoesBeyondTheAllocators() {
    try (AllocatorArena arena = open(false)) {
      for (long alignment = 1; alignment <= 1 << 16; alignment *= 2) {
        for (long size : new long[] {0, 1, 3, 64, 1000}) {
          MemorySegment segment = arena.allocate(size, alignment);
          assertEquals(0, segment.address() & alignment - 1);
          assertEquals(size, segment.byteSize());
          segment.fill((byte) 1);
        }
      }
    }
  }

  @Test
  void anAlignmentThatTheAllocatorHasTakesNoMoreThanTheSize() {
    try (AllocatorArena arena = open(false)) {
      arena.allocate(40, 16);
      assertTrue(memory.live().containsValue(40L));
      arena.allocate(40, 64);
      assertTrue(memory.live().containsValue(40L + 64 - 16));
    }
  }

  @Test
  void aSegmentOfNoBytesHasAnAddressOfItsOwn() {
    try (AllocatorArena arena = open(false)) {
      MemorySegment one = arena.allocate(0);
      MemorySegment other = arena.allocate(0);
      assertEquals(0, one.byteSize());
      assertNotEquals(one.address(), other.address());
    }
  }

  @Test
  void whatTheAllocatorOfSegmentsCanDoTheArenaCan() {
    try (AllocatorArena arena = open(false)) {
      assertEquals("Grüße", arena.allocateFrom("Grüße").getString(0));
      assertEquals(42, arena.allocateFrom(JAVA_INT, 42).get(JAVA_INT, 0));
      MemorySegment numbers = arena.allocateFrom(JAVA_LONG, 1, 2, 3);
      assertArrayEquals(new long[] {1, 2, 3}, numbers.toArray(JAVA_LONG));
      SegmentAllocator slices = SegmentAllocator.slicingAllocator(arena.allocate(1024));
      slices.allocate(JAVA_LONG).set(JAVA_LONG, 0, 1);
      assertEquals(5, memory.live().size() + 1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void segmentsEndBeforeTheirBlocksGoBack(boolean shared) {
    List<Boolean> alive = new ArrayList<>();
    List<MemorySegment> segments = new ArrayList<>();
    DirtyMemory watched =
        new DirtyMemory() {
          @Override
          public void free(long address, long size) {
            alive.add(segments.get(0).scope().isAlive());
            super.free(address, size);
          }
        };
    AllocatorArena arena =
        shared ? AllocatorArena.ofShared(watched) : AllocatorArena.ofConfined(watched);
    for (int i = 0; i < 20; i++) {
      segments.add(arena.allocate(8));
    }
    arena.close();
    assertEquals(20, alive.size());
    assertFalse(alive.contains(true));
    watched.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void afterClosingNothingWorks(boolean shared) {
    AllocatorArena arena = open(shared);
    MemorySegment segment = arena.allocate(8);
    MemorySegment part = segment.asSlice(4);
    arena.close();
    assertFalse(segment.scope().isAlive());
    assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
    assertThrows(IllegalStateException.class, () -> part.get(JAVA_BYTE, 0));
    assertEquals(
        "arena is closed",
        assertThrows(IllegalStateException.class, () -> arena.allocate(8)).getMessage());
    assertThrows(IllegalStateException.class, () -> arena.uninitialized().allocate(8));
    assertThrows(IllegalStateException.class, () -> arena.view(4096, 8));
    assertThrows(IllegalStateException.class, () -> arena.adopt(4096, 8));
    assertThrows(IllegalStateException.class, arena::close);
  }

  @Test
  void aConfinedArenaKeepsItsThread() {
    try (AllocatorArena arena = open(false)) {
      MemorySegment segment = arena.allocate(8);
      String message =
          Objects.requireNonNull(
              thrownByAnotherThread(WrongThreadException.class, () -> arena.allocate(8))
                  .getMessage());
      assertTrue(message.contains("remedy=AllocatorArena.ofShared"), message);
      thrownByAnotherThread(WrongThreadException.class, arena::close);
      thrownByAnotherThread(WrongThreadException.class, () -> arena.adopt(4096, 8));
      thrownByAnotherThread(WrongThreadException.class, () -> arena.view(4096, 8));
      thrownByAnotherThread(WrongThreadException.class, () -> segment.get(JAVA_BYTE, 0));
      segment.set(JAVA_BYTE, 0, (byte) 1);
      assertEquals(1, memory.live().size());
    }
  }

  @Test
  void aConfinedAllocatorServesAConfinedArenaOnly() {
    try (AllocatorStack stack = AllocatorStack.open("fallback(sizeclass(jna), jna)")) {
      assertEquals(
          "a shared arena needs a shared allocator: isShared=false, remedy=shared=true",
          assertThrows(
                  IllegalArgumentException.class, () -> AllocatorArena.ofShared(stack.allocator()))
              .getMessage());
      try (Arena arena = AllocatorArena.ofConfined(stack.allocator())) {
        arena.allocate(100).fill((byte) 1);
        assertEquals(1, stack.allocator().stats().liveBlocks());
      }
      assertEquals(0, stack.allocator().stats().liveBlocks());
    }
  }

  @Test
  void threadsShareAnArenaAndAnyOfThemClosesIt() throws Exception {
    try (AllocatorStack stack = AllocatorStack.open("@general")) {
      ExecutorService pool = Executors.newFixedThreadPool(4);
      try {
        for (int round = 0; round < 20; round++) {
          AllocatorArena arena = AllocatorArena.ofShared(stack.allocator());
          List<Future<MemorySegment>> running = new ArrayList<>();
          for (int i = 0; i < 4; i++) {
            running.add(pool.submit(() -> fillMany(arena)));
          }
          for (Future<MemorySegment> each : running) {
            assertEquals(499, each.get().get(JAVA_INT, 0));
          }
          assertEquals(2000, stack.allocator().stats().liveBlocks());
          pool.submit(arena::close).get();
          assertEquals(0, stack.allocator().stats().liveBlocks());
        }
      } finally {
        pool.shutdown();
      }
    }
  }

  private static MemorySegment fillMany(Arena arena) {
    MemorySegment last = MemorySegment.NULL;
    for (int i = 0; i < 500; i++) {
      last = arena.allocate(8 + i % 64 * 8, 8);
      last.set(JAVA_INT, 0, i);
    }
    return last;
  }

  /** Whoever comes too late gets the closed error, and no block is lost between the two. */
  @Test
  void allocatingWhileAnotherThreadClosesLosesNoBlock() throws Exception {
    try (AllocatorStack stack = AllocatorStack.open("@general")) {
      ExecutorService pool = Executors.newFixedThreadPool(2);
      try {
        for (int round = 0; round < 200; round++) {
          AllocatorArena arena = AllocatorArena.ofShared(stack.allocator());
          List<Future<?>> running = new ArrayList<>();
          for (int i = 0; i < 2; i++) {
            running.add(pool.submit(() -> allocateUntilClosed(arena)));
          }
          while (stack.allocator().stats().liveBlocks() < 50
              && running.stream().noneMatch(Future::isDone)) {
            Thread.onSpinWait();
          }
          arena.close();
          for (Future<?> each : running) {
            each.get();
          }
          assertEquals(0, stack.allocator().stats().liveBlocks());
        }
      } finally {
        pool.shutdown();
      }
    }
  }

  private static void allocateUntilClosed(Arena arena) {
    while (true) {
      try {
        arena.allocate(24);
      } catch (IllegalStateException e) {
        return;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anArenaThatACallIntoCUsesStaysOpenAndKeepsItsBlocks(boolean shared) throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle qsort =
        linker.downcallHandle(
            linker.defaultLookup().find("qsort").orElseThrow(),
            FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
    try (Arena stubs = Arena.ofConfined();
        AllocatorArena arena = open(shared)) {
      MemorySegment numbers = arena.allocateFrom(JAVA_INT, 3, 1, 2);
      Closer closer = new Closer(arena);
      MethodHandle compare =
          MethodHandles.lookup()
              .bind(
                  closer,
                  "compare",
                  MethodType.methodType(int.class, MemorySegment.class, MemorySegment.class));
      MemorySegment stub =
          linker.upcallStub(compare, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), stubs);
      qsort.invokeExact(numbers, 3L, 4L, stub);
      assertTrue(closer.refusal != null);
      assertArrayEquals(new int[] {1, 2, 3}, numbers.toArray(JAVA_INT));
      assertEquals(1, memory.live().size());
    }
  }

  /** A comparison that closes an arena. */
  private static final class Closer {
    private final AllocatorArena arena;
    private @Nullable IllegalStateException refusal;

    Closer(AllocatorArena arena) {
      this.arena = arena;
    }

    @SuppressWarnings("UnusedMethod") // C calls it
    int compare(MemorySegment left, MemorySegment right) {
      try {
        arena.close();
      } catch (IllegalStateException e) {
        refusal = e;
      }
      return Integer.compare(
          left.reinterpret(4).get(JAVA_INT, 0), right.reinterpret(4).get(JAVA_INT, 0));
    }
  }

  @Test
  void argumentsOutOfRangeAreRefusedInWords() {
    try (AllocatorArena arena = open(false)) {
      assertEquals(
          "size is negative: byteSize=-1, byteAlignment=1",
          assertThrows(IllegalArgumentException.class, () -> arena.allocate(-1)).getMessage());
      for (long alignment : new long[] {0, 3, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
        assertThrows(IllegalArgumentException.class, () -> arena.allocate(8, alignment));
      }
      assertEquals(
          "size with alignment exceeds a long: byteSize=9223372036854775807, byteAlignment=64,"
              + " limit=9223372036854775807",
          assertThrows(IllegalArgumentException.class, () -> arena.allocate(Long.MAX_VALUE, 64))
              .getMessage());
      assertThrows(IllegalArgumentException.class, () -> arena.view(4096, -1));
      assertThrows(IllegalArgumentException.class, () -> arena.adopt(Allocator.NULL, 8));
      assertThrows(IllegalArgumentException.class, () -> arena.adopt(4096, 0));
      assertEquals(0, memory.live().size());
    }
  }

  @Test
  void whatTheAllocatorThrowsPassesAndTheArenaGoesOn() {
    Error full = new OutOfMemoryError("planted");
    boolean[] fail = {false};
    DirtyMemory failing =
        new DirtyMemory() {
          @Override
          public long malloc(long size) {
            if (fail[0]) {
              throw full;
            }
            return super.malloc(size);
          }
        };
    AllocatorArena arena = AllocatorArena.ofConfined(failing);
    arena.allocate(8);
    fail[0] = true;
    assertSame(full, assertThrows(OutOfMemoryError.class, () -> arena.allocate(8)));
    fail[0] = false;
    arena.allocate(8);
    assertEquals(2, failing.live().size());
    arena.close();
    failing.close();
  }

  @Test
  void aFreeThatFailsIsMadeAgainByTheNextClose() {
    int[] failures = {0};
    DirtyMemory failing =
        new DirtyMemory() {
          @Override
          public void free(long address, long size) {
            if (live().size() == 2 && failures[0]++ < 2) {
              throw new IllegalStateException("planted");
            }
            super.free(address, size);
          }
        };
    AllocatorArena arena = AllocatorArena.ofConfined(failing);
    for (int i = 0; i < 4; i++) {
      arena.allocate(8);
    }
    assertThrows(IllegalStateException.class, arena::close);
    assertThrows(IllegalStateException.class, arena::close);
    assertEquals(2, failing.live().size());
    arena.close();
    failing.close();
  }

  @Test
  void aBlockThatSomebodyElseFreedIsReportedAndTheOthersAreFreed() {
    AllocatorArena arena = open(false);
    arena.allocate(8);
    MemorySegment stolen = arena.allocate(8);
    arena.allocate(8);
    memory.free(stolen.address(), 8);
    assertThrows(InvalidFreeException.class, arena::close);
    assertEquals(0, memory.live().size());
    assertThrows(IllegalStateException.class, arena::close);
  }

  @Test
  void blocksThatAreRefusedByOneObjectAreDropped() {
    IllegalArgumentException one = new IllegalArgumentException("planted");
    boolean[] refuse = {true};
    DirtyMemory refusing =
        new DirtyMemory() {
          @Override
          public void free(long address, long size) {
            if (refuse[0]) {
              throw one;
            }
            super.free(address, size);
          }
        };
    AllocatorArena arena = AllocatorArena.ofConfined(refusing);
    for (int i = 0; i < 3; i++) {
      arena.allocate(8);
    }
    assertSame(one, assertThrows(IllegalArgumentException.class, arena::close));
    assertEquals(
        "arena is closed", assertThrows(IllegalStateException.class, arena::close).getMessage());
    refuse[0] = false;
    refusing.live().forEach(refusing::free);
    refusing.close();
  }

  @Test
  void anAddressInTheUpperHalfIsAnAddress() {
    long upper = 0xF000_0000_0000_0040L;
    DirtyMemory high =
        new DirtyMemory() {
          @Override
          public long malloc(long size) {
            return upper;
          }

          @Override
          public void free(long address, long size) {
            assertEquals(upper, address);
          }
        };
    try (AllocatorArena arena = AllocatorArena.ofConfined(high)) {
      MemorySegment segment = arena.uninitialized().allocate(64, 128);
      assertEquals(0xF000_0000_0000_0080L, segment.address());
      assertEquals(64, segment.byteSize());
      assertSame(arena.scope(), segment.scope());
    }
    high.close();
  }

  @Test
  void manySegmentsKeepTheirContents() {
    Random random = new Random(20261129);
    try (AllocatorArena arena = open(false)) {
      List<MemorySegment> segments = new ArrayList<>();
      for (int i = 0; i < 5000; i++) {
        MemorySegment segment = arena.allocate(4 + random.nextInt(200), 1 << random.nextInt(8));
        segment.set(JAVA_INT.withByteAlignment(1), 0, i);
        segments.add(segment);
      }
      for (int i = 0; i < 5000; i++) {
        assertEquals(i, segments.get(i).get(JAVA_INT.withByteAlignment(1), 0));
      }
      assertEquals(5000, memory.live().size());
    }
  }
}
