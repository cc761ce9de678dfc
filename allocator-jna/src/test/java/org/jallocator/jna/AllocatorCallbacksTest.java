package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls the function pointers as C calls them. */
final class AllocatorCallbacksTest {

  private final List<Throwable> reported = Collections.synchronizedList(new ArrayList<>());
  private final List<Thread> callers = Collections.synchronizedList(new ArrayList<>());
  private Runnable trouble = () -> {};
  private Consumer<String> before = call -> {};
  private final WatchedAllocator allocator =
      new WatchedAllocator(
          (call, size) -> {
            callers.add(Thread.currentThread());
            trouble.run();
            before.accept(call);
          });
  private final AllocatorCallbacks callbacks = AllocatorCallbacks.of(allocator, reported::add);

  @AfterEach
  void nothingIsLeft() {
    callbacks.close();
    assertEquals(0, allocator.liveBlocks());
    allocator.close();
  }

  private static long call(Pointer function, Object... arguments) {
    return Function.getFunction(function).invokeLong(arguments);
  }

  private long malloc(long size) {
    return call(callbacks.mallocFunction(), size);
  }

  private void free(long address) {
    Function.getFunction(callbacks.freeFunction()).invokeVoid(new Object[] {address});
  }

  private long realloc(long address, long size) {
    return call(callbacks.reallocFunction(), address, size);
  }

  @Test
  void everySignatureReachesTheAllocator() {
    List<Long> blocks = new ArrayList<>();
    blocks.add(malloc(10));
    blocks.add(call(callbacks.callocFunction(), 5L, 2L));
    blocks.add(call(callbacks.opaqueMallocFunction(), 99L, 10L));
    blocks.add(call(callbacks.opaqueCallocFunction(), 99L, 5L, 2L));
    blocks.add(call(callbacks.opaqueReallocFunction(), 99L, 0L, 10L));
    blocks.add(call(callbacks.zallocFunction(), 99L, 5, 2));
    assertEquals(6, callbacks.liveBlocks());
    assertEquals(60, callbacks.liveBytes());
    assertEquals(6, allocator.liveBlocks());
    for (long block : blocks) {
      assertEquals(10, call(callbacks.usableSizeFunction(), block));
      Function.getFunction(callbacks.zfreeFunction()).invokeVoid(new Object[] {99L, block});
    }
    assertEquals(List.of(), reported);
  }

  @Test
  void aFunctionPointerIsAlwaysTheSame() {
    assertEquals(callbacks.mallocFunction(), callbacks.mallocFunction());
    assertNotEquals(callbacks.mallocFunction(), callbacks.opaqueMallocFunction());
  }

  @Test
  void zeroBytesAreABlockAndNullIsNone() {
    long address = malloc(0);
    assertNotEquals(0, address);
    free(address);
    free(0);
    assertEquals(0, call(callbacks.usableSizeFunction(), 0L));
    long fromZero = realloc(0, 0);
    assertNotEquals(0, fromZero);
    assertEquals(0, realloc(fromZero, 0), "realloc to zero bytes frees");
    assertEquals(0, callbacks.liveBlocks());
    assertEquals(List.of(), reported);
  }

  @Test
  void callocZeroesAndRefusesAProductThatIsTooLarge() {
    long dirty = malloc(4096);
    new Pointer(dirty).setMemory(0, 4096, (byte) -1);
    free(dirty);
    long address = call(callbacks.callocFunction(), 64L, 64L);
    assertArrayEquals(new byte[4096], new Pointer(address).getByteArray(0, 4096));
    free(address);
    long[][] tooLarge = {
      {1L << 32, 1L << 32}, {1L << 32, 1L << 31}, {-1, 1}, {1, -1}, {-1, -1}, {3, 1L << 62}
    };
    for (long[] factors : tooLarge) {
      long block = call(callbacks.callocFunction(), factors[0], factors[1]);
      assertEquals(0, block, factors[0] + " * " + factors[1]);
    }
    assertEquals(0, call(callbacks.zallocFunction(), 0L, -1, -1), "unsigned 2^32-1 squared");
    assertEquals(List.of(), reported);
  }

  @Test
  void aProgramOfReallocsKeepsEveryByte() {
    for (long seed = 0; seed < 5; seed++) {
      Random random = new Random(seed);
      Map<Long, byte[]> model = new HashMap<>();
      for (int step = 0; step < 400; step++) {
        String at = "seed=" + seed + ", step=" + step;
        Long old =
            model.isEmpty() || random.nextInt(3) == 0
                ? Long.valueOf(0)
                : model.keySet().iterator().next();
        byte[] before = model.remove(old);
        byte[] bytes = new byte[1 + random.nextInt(1 << random.nextInt(14))];
        random.nextBytes(bytes);
        long address = realloc(old, bytes.length);
        if (before != null) {
          int kept = Math.min(before.length, bytes.length);
          assertArrayEquals(
              java.util.Arrays.copyOf(before, kept),
              new Pointer(address).getByteArray(0, kept),
              at);
        }
        assertTrue(call(callbacks.usableSizeFunction(), address) >= bytes.length, at);
        new Pointer(address).write(0, bytes, 0, bytes.length);
        assertEquals(null, model.put(address, bytes), at);
        assertEquals(model.size(), callbacks.liveBlocks(), at);
        assertEquals(model.size(), allocator.liveBlocks(), at);
      }
      model.forEach(
          (address, bytes) -> {
            assertArrayEquals(bytes, new Pointer(address).getByteArray(0, bytes.length));
            free(address);
          });
    }
    assertEquals(List.of(), reported);
  }

  @Test
  void whereThereIsNoMemoryCGetsNullAndTheBlockIsKept() {
    long address = malloc(100);
    trouble =
        () -> {
          throw new OutOfMemoryError("planted");
        };
    assertEquals(0, malloc(100));
    assertEquals(0, call(callbacks.callocFunction(), 10L, 10L));
    assertEquals(0, realloc(address, 1000));
    assertEquals(address, realloc(address, 10), "shrinking needs no memory");
    assertEquals(0, malloc(-1), "more than any allocator has");
    assertEquals(0, realloc(address, -1));
    trouble = () -> {};
    assertEquals(1, callbacks.liveBlocks());
    free(address);
    assertEquals(List.of(), reported);
  }

  @Test
  void anExceptionBecomesNullAndIsReported() {
    long address = malloc(100);
    var planted = new IllegalStateException("planted");
    trouble =
        () -> {
          throw planted;
        };
    assertEquals(0, malloc(100));
    assertEquals(0, call(callbacks.callocFunction(), 10L, 10L));
    assertEquals(0, realloc(address, 1000));
    free(address);
    assertEquals(List.of(planted, planted, planted, planted), reported);
    assertEquals(1, callbacks.liveBlocks(), "a block that could not be freed is live");
    trouble = () -> {};
    free(address);
  }

  @Test
  void aReallocThatCannotFreeTheOldBlockKeepsItAlone() {
    long address = malloc(100);
    new Pointer(address).setMemory(0, 100, (byte) 7);
    var planted = new IllegalStateException("planted");
    List<String> calls = new ArrayList<>();
    before =
        call -> {
          calls.add(call);
          if (calls.equals(List.of("malloc", "free"))) {
            throw planted;
          }
        };
    assertEquals(0, realloc(address, 1000));
    assertEquals(List.of("malloc", "free", "free"), calls);
    assertEquals(List.of(planted), reported);
    assertEquals(1, callbacks.liveBlocks());
    assertEquals(100, call(callbacks.usableSizeFunction(), address));
    assertEquals(7, new Pointer(address).getByte(99));
    free(address);
  }

  @Test
  void anErrorOfTheJavaMachineBecomesNullToo() {
    trouble = AllocatorCallbacksTest::endless;
    assertEquals(0, malloc(100));
    assertInstanceOf(StackOverflowError.class, reported.get(0));
    trouble = () -> {};
  }

  @SuppressWarnings("InfiniteRecursion")
  private static void endless() {
    endless();
  }

  @Test
  void whatTheHandlerThrowsGoesNowhere() {
    List<String> told = new ArrayList<>();
    List<Throwable> escaped = new ArrayList<>();
    var jnas = Native.getCallbackExceptionHandler();
    Native.setCallbackExceptionHandler((callback, thrown) -> escaped.add(thrown));
    try (var careless =
        AllocatorCallbacks.of(
            allocator,
            thrown -> {
              told.add(String.valueOf(thrown.getMessage()));
              throw new IllegalStateException("of the handler");
            })) {
      trouble =
          () -> {
            throw new IllegalStateException("planted");
          };
      assertEquals(0, call(careless.mallocFunction(), 100L));
      trouble = () -> {};
    } finally {
      Native.setCallbackExceptionHandler(jnas);
    }
    assertEquals(List.of("planted"), told);
    assertEquals(List.of(), escaped);
  }

  @Test
  void aFreeOfWhatIsNoLiveBlockIsReportedAndGoesNoFurther() {
    long address = malloc(100);
    free(address + 8);
    assertEquals(0, realloc(address + 8, 200));
    assertEquals(0, call(callbacks.usableSizeFunction(), address + 8));
    free(address);
    free(address);
    assertEquals(4, reported.size());
    for (Throwable thrown : reported) {
      assertInstanceOf(InvalidFreeException.class, thrown);
    }
    assertEquals(
        "callbacks: address is not this allocator's: address=0x" + Long.toHexString(address),
        reported.get(3).getMessage());
    assertEquals(0, allocator.liveBlocks());
  }

  @Test
  void closingWithLiveBlocksFindsTheLeakAndGoesOn() {
    long address = malloc(100);
    var leak = assertThrows(LeakException.class, callbacks::close);
    assertEquals(
        "callbacks: closed with live blocks: blocks=1, bytes=100, first=[0x"
            + Long.toHexString(address)
            + "]",
        leak.getMessage());
    free(malloc(10));
    free(address);
    callbacks.close();
    callbacks.close();
  }

  @Test
  void aCallAfterClosingIsReported() {
    Function malloc = Function.getFunction(callbacks.mallocFunction());
    callbacks.close();
    assertEquals(0, malloc.invokeLong(new Object[] {10L}));
    assertEquals("callbacks: allocator is closed", reported.get(0).getMessage());
  }

  @Test
  void anAllocatorOfUnalignedBlocksIsRefused() {
    for (int alignment : new int[] {4, 8}) {
      try (var unaligned = RecordingAllocator.builder().alignment(alignment).build()) {
        var e =
            assertThrows(
                IllegalArgumentException.class,
                () -> AllocatorCallbacks.of(unaligned, reported::add));
        assertEquals(
            "callbacks: alignment is less than C's malloc has: alignment="
                + alignment
                + ", limit=16, remedy=a stack whose block sizes are multiples of the limit",
            e.getMessage());
      }
    }
  }

  @Test
  void whatCHoldsAloneIsKeptFromTheGarbageCollector() {
    var handedOut = new Pointer[2];
    handOut(handedOut);
    for (int i = 0; i < 5; i++) {
      System.gc();
      long address = call(handedOut[0], 100L);
      assertNotEquals(0, address, "after collection " + i);
      Function.getFunction(handedOut[1]).invokeVoid(new Object[] {address});
    }
    assertEquals(0, allocator.liveBlocks());
  }

  /** Apart, so that no local of the test keeps what is handed out. */
  private void handOut(Pointer[] functions) {
    var forgotten = AllocatorCallbacks.of(allocator, reported::add);
    functions[0] = forgotten.mallocFunction();
    functions[1] = forgotten.freeFunction();
  }

  @Test
  void threadsOfCsOwnAreServedAndEndWithTheirThread() throws InterruptedException {
    assumeFalse(Platform.isWindows(), "no pthreads on Windows");
    NativeLibrary c = CFunctions.library();
    List<Long> blocks = new ArrayList<>();
    try (Memory cell = new Memory(Native.POINTER_SIZE)) {
      for (int i = 1; i <= 20; i++) {
        // A thread's routine takes a pointer and returns one: so does malloc, by its registers.
        Object[] create = {cell, Pointer.NULL, callbacks.mallocFunction(), (long) i};
        assertEquals(0, c.getFunction("pthread_create").invokeInt(create));
        Object[] join = {cell.getLong(0), cell};
        assertEquals(0, c.getFunction("pthread_join").invokeInt(join));
        blocks.add(cell.getLong(0));
      }
    }
    assertEquals(210, callbacks.liveBytes());
    assertEquals(20, callers.stream().distinct().count());
    for (Thread caller : callers) {
      assertEquals("allocator-callbacks", caller.getName());
      assertTrue(caller.isDaemon());
      caller.join(10_000);
      assertTrue(!caller.isAlive(), "still attached");
    }
    blocks.forEach(this::free);
    assertEquals(List.of(), reported);
  }

  @Test
  void manyThreadsShareTheBooks() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    List<Throwable> thrown = Collections.synchronizedList(new ArrayList<>());
    for (int t = 0; t < 4; t++) {
      Thread thread = new Thread(this::mallocAndFree);
      thread.setUncaughtExceptionHandler((who, what) -> thrown.add(what));
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), thrown);
    assertEquals(List.of(), reported);
    assertEquals(0, callbacks.liveBlocks());
  }

  private void mallocAndFree() {
    List<Long> mine = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      mine.add(malloc(1 + i % 100));
      if (i % 3 == 0) {
        free(mine.remove(mine.size() / 2));
      }
    }
    mine.forEach(this::free);
  }

  @Test
  void sqlitesTableHasItsFunctionsInOrder() {
    Pointer[] methods = callbacks.sqliteMethods().getPointerArray(0, 8);
    long address = call(methods[0], 100);
    assertEquals(100, Function.getFunction(methods[3]).invokeInt(new Object[] {address}));
    long moved = call(methods[2], address, 1000);
    assertEquals(1000, Function.getFunction(methods[3]).invokeInt(new Object[] {moved}));
    Function.getFunction(methods[1]).invokeVoid(new Object[] {moved});
    assertEquals(24, Function.getFunction(methods[4]).invokeInt(new Object[] {17}));
    assertEquals(0, Function.getFunction(methods[5]).invokeInt(new Object[] {Pointer.NULL}));
    Function.getFunction(methods[6]).invokeVoid(new Object[] {Pointer.NULL});
    assertEquals(Pointer.NULL, methods[7]);
    assertEquals(0, call(methods[0], -1));
    assertEquals(List.of(), reported);
  }

  @Test
  void aCloseBesideAFreeThatIsRefusedFindsTheBlock() throws Exception {
    long block = malloc(10);
    CountDownLatch freeing = new CountDownLatch(1);
    Thread closer = Thread.currentThread();
    trouble =
        () -> {
          freeing.countDown();
          awaitWaiting(closer);
          throw new IllegalStateException("refused");
        };
    Thread other = new Thread(() -> call(callbacks.freeFunction(), block));
    other.start();
    freeing.await();
    LeakException leak = assertThrows(LeakException.class, callbacks::close);
    assertEquals(1, leak.liveBlocks());
    other.join();
    trouble = () -> {};
    call(callbacks.freeFunction(), block);
    reported.clear();
  }

  private static void awaitWaiting(Thread closer) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (closer.getState() != Thread.State.TIMED_WAITING && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"malloc", "calloc", "realloc", "aligned_alloc"})
  void aCloseBesideACallThatTakesABlockFindsIt(String name) throws Exception {
    CountDownLatch taking = new CountDownLatch(1);
    Thread closer = Thread.currentThread();
    trouble =
        () -> {
          taking.countDown();
          awaitWaiting(closer);
        };
    FutureTask<Long> other =
        new FutureTask<>(
            () ->
                switch (name) {
                  case "malloc" -> malloc(10);
                  case "calloc" -> call(callbacks.callocFunction(), 1L, 10L);
                  case "realloc" -> realloc(0, 10);
                  default -> call(callbacks.alignedAllocFunction(), 256L, 10L);
                });
    new Thread(other).start();
    taking.await();
    try {
      LeakException leak = assertThrows(LeakException.class, callbacks::close);
      assertEquals(1, leak.liveBlocks());
    } finally {
      trouble = () -> {};
      long block = other.get();
      if (block != 0) {
        free(block);
      }
    }
    assertEquals(List.of(), reported);
  }
}
